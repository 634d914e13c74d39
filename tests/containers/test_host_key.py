"""``show-host-key`` and ``cssh`` with sshd as NixOS has it in containers: not started before somebody connects."""

import socket
import subprocess

import pytest

# Slow enough that whoever does not wait sees no key, or half of the keys.
KEYS = """
  exec >&2
  mkdir -p /run/sshd
  if ! [ -s /etc/ssh/ssh_host_ed25519_key ]; then
    mkdir -p /etc/ssh
    sleep 1
    ssh-keygen -q -t ed25519 -f /etc/ssh/ssh_host_ed25519_key -N ""
  fi
"""
SOCKET = """
  systemd.services.sshd.enable = lib.mkForce false;
  systemd.sockets.sshd = {
    wantedBy = [ "sockets.target" ];
    listenStreams = [ "%s" ];
    socketConfig.Accept = true;
  };
  systemd.services."sshd@" = {
    after = [ "sshd-keygen.service" ];
    preStart = ''%s'';
    serviceConfig = {
      ExecStart = "-/usr/sbin/sshd -i -D -f /etc/ssh/sshd_config";
      KillMode = "process";
      StandardInput = "socket";
      StandardError = "journal";
    };
  };
"""
SYSTEMS = {
    "at the first connection": SOCKET % ("22", KEYS),
    "at one address": SOCKET % ("127.0.0.1:22", KEYS),
    "by a service of its own": SOCKET % ("22", "mkdir -p /run/sshd")
    + f"""
      systemd.services.sshd-keygen = {{ serviceConfig.Type = "oneshot"; script = ''{KEYS}''; }};
      systemd.services."sshd@".wants = [ "sshd-keygen.service" ];
    """,
    "by a server that was not started": f"""
      systemd.services.sshd = {{ wantedBy = lib.mkForce [ ]; preStart = lib.mkBefore ''{KEYS}''; }};
    """,
}


def definition(name, system, options=""):
    return f"""{{ containers.{name} = {{ {options} config = {{ lib, ... }}: {{
      services.openssh.enable = true;
      {system}
    }}; }}; }}"""


@pytest.mark.parametrize("kind", SYSTEMS)
def test_a_key_that_is_not_there_yet_is_made(tool, name, prefix, kind):
    network = f'extra.addressPrefix = "{prefix}";'
    tool("create", "-s", "-E", definition(name, SYSTEMS[kind], network))
    assert tool("run", name, "--", "sh", "-c", "ls /etc/ssh/*_key", code=None).out == ""
    # Two at once: neither spoils the other's key.
    asking = [tool.start("show-host-key", name, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    answers = [process.communicate(timeout=60) for process in asking]
    key = tool("run", name, "--", "cat", "/etc/ssh/ssh_host_ed25519_key.pub").out
    assert key.startswith("ssh-ed25519 ")
    assert [out for out, _ in answers] == [key, key], answers
    tool("stop", name)
    assert tool("show-host-key", name).out == key


def test_somebody_else_makes_the_key_at_the_same_time(tool, name, prefix):
    options = f'extra.addressPrefix = "{prefix}";'
    tool("create", "-s", "-E", definition(name, SYSTEMS["at the first connection"], options))
    with socket.create_connection((f"{prefix}.2", 22), timeout=60) as stranger:
        key = tool("show-host-key", name).out
        assert stranger.recv(100).startswith(b"SSH-")
    assert key == tool("run", name, "--", "cat", "/etc/ssh/ssh_host_ed25519_key.pub").out


@pytest.mark.parametrize("kind", ["at the first connection", "by a service of its own"])
def test_cssh_reaches_a_server_that_nobody_has_connected_to(tool, name, prefix, kind):
    options = f'extra.addressPrefix = "{prefix}"; extra.enableSSH = true;'
    done = tool("shell", "-E", definition(name, SYSTEMS[kind], options), "--run", "cssh", "hostname")
    assert done.out.endswith(f"{name}\n")


def test_an_ephemeral_container_has_a_key_too(tool, name):
    tool("create", "-s", "-E", definition(name, SYSTEMS["at the first connection"], "ephemeral = true;"))
    key = tool("show-host-key", name).out
    assert key == tool("run", name, "--", "cat", "/etc/ssh/ssh_host_ed25519_key.pub").out


def test_without_a_server_it_says_so(tool, name):
    tool("create", "-s", "-E", f"{{ containers.{name} = {{ }}; }}")
    said = tool("show-host-key", name, code=1).err
    assert f"The container {name} has no SSH host key" in said
    assert "It has no sshd: set services.openssh.enable" in said
    tool("stop", name)
    assert "sshd makes it when it first starts" in tool("show-host-key", name, code=1).err


def test_what_sshd_says_is_told(tool, name):
    system = 'systemd.services.sshd = { wantedBy = lib.mkForce [ ]; preStart = lib.mkBefore "exit 9"; };'
    tool("create", "-s", "-E", definition(name, system))
    assert "sshd did not make it: " in tool("show-host-key", name, code=1).err
