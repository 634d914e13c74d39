"""What units of NixOS need is there on every host, though only NixOS, or a Nix with a daemon, has made it."""

import shutil
from pathlib import Path

RELEASE = Path("/etc/static/os-release")
SOCKET = Path("/nix/var/nix/daemon-socket")


def take_away():
    shutil.rmtree(RELEASE.parent, ignore_errors=True)
    if SOCKET.is_dir():
        SOCKET.rmdir()


def test_on_a_host_that_never_had_a_container(tool, name):
    take_away()
    # Every unit of NixOS has this bind.
    tool("create", "-E", f'{{ containers.{name}.extraFlags = [ "--bind-ro={SOCKET}:/mnt" ]; }}')
    assert RELEASE.is_file()
    assert SOCKET.is_dir()
    take_away()
    tool("start", name)
    tool("run", name, "--", "test", "-d", "/mnt")
    assert RELEASE.is_file()
    tool("stop", name)
    take_away()
    tool("restart", name)
    assert RELEASE.is_file()
    tool("run", name, "--", "test", "-d", "/mnt")
