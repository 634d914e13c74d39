"""The fixtures of the whole command, in the test host."""

import subprocess
import sys
from pathlib import Path

import pytest

from extra_container.process import Runner
from extra_container.systemd.manager import SystemdManager
from tests.containers.conftest import name, prefix, tool  # noqa: F401 -- fixtures
from tests.system.hand_written import UNITS, Units
from tests.system.sudo_programs import either_sudo, sudo_rs  # noqa: F401 -- fixtures
from tests.system.traffic import SERVER, WEB4, WEB6, Containers, run

NIXOS = Path("/run/booted-system/nixos-version").exists()


@pytest.fixture
def containers():
    """Give a maker of containers, which destroys them afterwards."""
    new = Containers()
    yield new
    new.destroy()


@pytest.fixture
def manager():
    """The manager of this host."""
    return SystemdManager(Runner())


@pytest.fixture
def units(tmp_path, manager):
    """Hand-written container units, which are ended and removed afterwards."""
    UNITS.mkdir(parents=True, exist_ok=True)
    made = Units(tmp_path, manager)
    yield made
    made.close()


@pytest.fixture
def internet():
    """A network namespace stands for the internet: WEB4 and WEB6, behind the host's interface `wan`.

    It has no route to containers, so that only translated traffic comes back. The value runs a command in it.
    """
    run("ip", "netns", "add", "internet")
    inner = ("ip", "netns", "exec", "internet")
    run("ip", "link", "add", "wan", "type", "veth", "peer", "name", "eth0", "netns", "internet")
    for place, link in (((), "wan"), (inner, "eth0")):
        last = "1" if link == "wan" else "2"
        run(*place, "ip", "link", "set", link, "up")
        run(*place, "ip", "addr", "add", f"192.0.2.{last}/24", "dev", link)
        run(*place, "ip", "addr", "add", f"2001:db8::{last}/64", "dev", link, "nodad")
    run(*inner, "ip", "link", "set", "lo", "up")
    command = [*inner, sys.executable, "-c", SERVER, f"{WEB4}@80", f"{WEB6}@80"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout.readline() == "ready\n"
    yield inner
    server.kill()
    server.wait()
    run("ip", "link", "del", "wan")
    run("ip", "netns", "del", "internet")
