"""A host, a container and an internet, each a network namespace of its own; nothing leaves them.

    container eth0 10.250.0.2 ---- 10.250.0.1 ve-demo host wan 192.0.2.1 ---- 192.0.2.2 eth0 internet

and the same for IPv6. The internet has no route to the container, so that only translated traffic comes back.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.processes import running

NFT = "/usr/sbin/nft"
IPTABLES = "/usr/sbin/xtables-nft-multi"
LEGACY = "/usr/sbin/xtables-legacy-multi"

# Answers each connection with its own address and that of the peer.
SERVER = """
import socket, sys
address, port = sys.argv[1], int(sys.argv[2])
family = socket.AF_INET6 if ":" in address else socket.AF_INET
listener = socket.socket(family)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
if family == socket.AF_INET6:
    listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
listener.bind((address, port))
listener.listen()
print("ready", flush=True)
while True:
    connection, peer = listener.accept()
    connection.sendall(f"{connection.getsockname()[0]} {peer[0]}".encode())
    connection.close()
"""

CLIENT = """
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), 1) as connection:
    print(connection.recv(100).decode())
"""


@dataclass(frozen=True, slots=True)
class Namespace:
    """A network and mount namespace that lives as long as its process."""

    process: subprocess.Popen[str]
    undo: contextlib.ExitStack

    @property
    def pid(self) -> str:
        return str(self.process.pid)

    def argv(self, command: Sequence[str]) -> list[str]:
        return ["nsenter", "-t", self.pid, "-n", "-m", "--", *command]

    def run(self, *command: str, check: bool = True, stdin: str = "") -> subprocess.CompletedProcess[str]:
        done = subprocess.run(self.argv(command), input=stdin, capture_output=True, text=True, check=False, timeout=60)
        assert not check or done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def listen(self, address: str, port: int) -> None:
        command = self.argv([sys.executable, "-c", SERVER, address, str(port)])
        server = self.undo.enter_context(running(*command, stdout=subprocess.PIPE, text=True))
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"

    def asks(self, address: str, port: int) -> str | None:
        """Return what the server says: its address and the client's as it sees it; None if it is not reached."""
        done = self.run(sys.executable, "-c", CLIENT, address, str(port), check=False)
        return done.stdout.strip() if done.returncode == 0 else None

    def write(self, path: str, text: str) -> None:
        self.run("sh", "-c", f'cat >"{path}"', stdin=text)

    def read(self, path: str) -> str:
        return self.run("cat", path).stdout.strip()

    def rules(self) -> str:
        """Return all packet rules there are, of every kind, without counters."""
        listing = self.run(NFT, "--stateless", "list", "ruleset").stdout if self.has(NFT) else ""
        for program in ("iptables", "ip6tables"):
            if self.has(LEGACY):
                listing += self.run(LEGACY, f"{program}-save").stdout
            if self.has(IPTABLES):
                listing += self.run(IPTABLES, f"{program}-save").stdout
        return "\n".join(line for line in listing.splitlines() if not line.startswith(("#", ":", "*", "COMMIT")))

    def has(self, program: str) -> bool:
        return self.run("test", "-s", program, check=False).returncode == 0

    def hide(self, program: str) -> None:
        self.run("mount", "--bind", "/dev/null", program)

    def hide_nft(self) -> None:
        self.hide(NFT)

    def hide_iptables(self) -> None:
        self.hide(IPTABLES)
        self.hide(LEGACY)

    def start(self, code: str, *arguments: str) -> None:
        self.undo.enter_context(running(*self.argv([sys.executable, "-c", code, *arguments])))

    def wait_for_rule(self, text: str) -> None:
        deadline = time.monotonic() + 5
        while text not in self.rules():
            assert time.monotonic() < deadline, f"no {text} in {self.rules()}"
            time.sleep(0.05)


@contextlib.contextmanager
def namespace() -> Iterator[Namespace]:
    with contextlib.ExitStack() as undo:
        process = undo.enter_context(running("unshare", "--net", "--mount", "sleep", "600", text=True))
        new = Namespace(process, undo)
        own = Path("/proc/self/ns/net").readlink()
        deadline = time.monotonic() + 5
        while Path(f"/proc/{process.pid}/ns/net").readlink() == own or b"sleep" not in Path(
            f"/proc/{process.pid}/cmdline"
        ).read_bytes().split(b"\0"):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        new.run("ip", "link", "set", "lo", "up")
        yield new


SCRIPTS = Path(__file__).parents[1] / "extra_container_network" / "nix" / "scripts"


@dataclass(frozen=True, slots=True)
class Lab:
    host: Namespace
    container: Namespace
    internet: Namespace
    stack: contextlib.ExitStack

    def wan(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.host.run("/bin/sh", str(SCRIPTS / "wan.sh"), *arguments, check=check)

    def expose(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.container.run("/bin/sh", str(SCRIPTS / "expose-localhost.sh"), *arguments, check=check)

    def host_name(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.host.run("/bin/sh", str(SCRIPTS / "host-name.sh"), *arguments)

    def peer_names(self, names: Path, own: str) -> subprocess.CompletedProcess[str]:
        return self.container.run("/bin/sh", str(SCRIPTS / "peer-names.sh"), str(names), own)

    def another_container(self, interface: str, prefix: str, prefix6: str) -> Namespace:
        other = self.stack.enter_context(namespace())
        attach(self.host, interface, other, prefix, prefix6)
        return other


def connect(host: Namespace, interface: str, other: Namespace) -> None:
    host.run("ip", "link", "add", interface, "type", "veth", "peer", "name", "eth0", "netns", other.pid)
    host.run("ip", "link", "set", interface, "up")
    other.run("ip", "link", "set", "eth0", "up")


def attach(host: Namespace, interface: str, container: Namespace, prefix: str, prefix6: str) -> None:
    """Connect a container as the unit's post-start and the container's init do."""
    connect(host, interface, container)
    host.run("ip", "addr", "add", f"{prefix}.1", "dev", interface)
    host.run("ip", "route", "add", f"{prefix}.2", "dev", interface)
    host.run("ip", "-6", "addr", "add", f"{prefix6}::1", "dev", interface, "nodad")
    host.run("ip", "-6", "route", "add", f"{prefix6}::2", "dev", interface)
    container.run("ip", "addr", "add", f"{prefix}.2", "dev", "eth0")
    container.run("ip", "route", "add", f"{prefix}.1", "dev", "eth0")
    container.run("ip", "route", "add", "default", "via", f"{prefix}.1")
    container.run("ip", "-6", "addr", "add", f"{prefix6}::2", "dev", "eth0", "nodad")
    container.run("ip", "-6", "route", "add", f"{prefix6}::1", "dev", "eth0")
    container.run("ip", "-6", "route", "add", "default", "via", f"{prefix6}::1")


@pytest.fixture
def lab() -> Iterator[Lab]:
    with contextlib.ExitStack() as stack:
        host, container, internet = (stack.enter_context(namespace()) for _ in range(3))
        host.write("/proc/sys/net/ipv4/ip_forward", "0")
        attach(host, "ve-demo", container, "10.250.0", "fd00:250")
        connect(host, "wan", internet)
        host.run("ip", "addr", "add", "192.0.2.1/24", "dev", "wan")
        host.run("ip", "addr", "add", "2001:db8::1/64", "dev", "wan", "nodad")
        internet.run("ip", "addr", "add", "192.0.2.2/24", "dev", "eth0")
        internet.run("ip", "addr", "add", "2001:db8::2/64", "dev", "eth0", "nodad")
        internet.listen("192.0.2.2", 80)
        internet.listen("2001:db8::2", 80)
        yield Lab(host, container, internet, stack)


@pytest.fixture(params=["nft and iptables", "nft only", "iptables only", "iptables-legacy only"])
def tools(request: pytest.FixtureRequest, lab: Lab) -> str:
    """Leave some packet filter programs to the host and the container."""
    for place in (lab.host, lab.container):
        match request.param:
            case "nft only":
                place.hide(IPTABLES)
                place.hide(LEGACY)
            case "iptables only":
                place.hide(NFT)
                place.hide(LEGACY)
            case "iptables-legacy only":
                place.hide(NFT)
                place.run("mount", "--bind", LEGACY, IPTABLES)
            case _:
                pass
    return str(request.param)
