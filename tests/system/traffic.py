"""Containers with a server that tells who asks, and clients that ask it."""

import json
import subprocess
import sys
import time
from pathlib import Path

# Both addresses of the container `demo` by its prefixes, and of the stand-in internet.
BOTH = 'extra.addressPrefix = "10.250.0"; extra.addressPrefix6 = "fd00:250:0:0";'
V4, V6 = "10.250.0.2", "fd00:250:0:0::2"
WEB4, WEB6 = "192.0.2.2", "2001:db8::2"

# Answers each connection with its own address and that of the peer.
SERVER = """
import socket, sys, threading
def serve(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    listener.bind((address, port))
    listener.listen()
    def answer():
        while True:
            connection, peer = listener.accept()
            connection.sendall(f"{connection.getsockname()[0]} {peer[0]}".encode())
            connection.close()
    threading.Thread(target=answer).start()
for place in sys.argv[1:]:
    address, port = place.split("@")
    serve(address, int(port))
print("ready", flush=True)
"""

CLIENT = """
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), 1) as connection:
    print(connection.recv(100).decode())
"""

# A container with the server. Its firewall lets in 50, 60 and 70.
SYSTEM = """
{ pkgs, ... }: {
  networking.firewall.allowedTCPPorts = [ 50 60 70 ];
  systemd.services.web = {
    wantedBy = [ "multi-user.target" ];
    serviceConfig.ExecStart = "${pkgs.python3}/bin/python3 ${pkgs.writeText "server" SERVER} PLACES";
  };
}
"""


def run(*command, check=True, stdin=""):
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=120)
    assert not check or done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done


def asks(address, port, *inside):
    """Return what the server says to a client on the host, or inside something; None if nothing is reached."""
    done = run(
        *inside, sys.executable if not inside else "/usr/bin/python3", "-c", CLIENT, address, str(port), check=False
    )
    return done.stdout.strip() if done.returncode == 0 else None


def inside(name):
    return ("extra-container", "run", name, "--")


def system(*places):
    return SYSTEM.replace("SERVER", nix_string(SERVER)).replace("PLACES", " ".join(places))


def nix_string(text):
    return json.dumps(text).replace("${", "\\${")


def settled(question, expected):
    """Ask until the answer is as expected: a service of a container may need a moment after the boot."""
    deadline = time.monotonic() + 10
    while (answer := question()) != expected and time.monotonic() < deadline:
        time.sleep(0.1)
    return answer


def rules():
    """Return all packet rules of the host, of every kind, without counters and comments."""
    commands = [("nft", "--stateless", "list", "ruleset")]
    commands += [(f"{ip}tables{kind}-save",) for ip in ("ip", "ip6") for kind in ("", "-legacy")]
    listings = [run(*command).stdout for command in commands if Path("/usr/sbin", command[0]).exists()]
    lines = "".join(listings).splitlines()
    return "\n".join(line for line in lines if not line.startswith(("#", ":")))


class Containers:
    def __init__(self):
        self.names = set()

    def create(self, options="", *, name="demo", places=(), extra=""):
        """Install and start one container of this name, with `extra.*` options and, if there are places, the server."""
        self.names.add(name)
        definition = (
            f"{{ containers.{name} = {{ {options} config = {system(*places) if places else '{ }'}; }}; {extra} }}"
        )
        return run("extra-container", "create", "--base", "host", "-E", definition, "--start")

    def destroy(self):
        if self.names:
            run("extra-container", "destroy", *sorted(self.names))
        self.names.clear()
