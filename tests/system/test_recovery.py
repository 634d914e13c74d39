"""Containers whose supervisor was killed, without this program: systemd and its user start them again."""

import os
import signal
import subprocess
from pathlib import Path

from tests.containers.conftest import leftovers, write_definition
from tests.system.supervisor import definition_without_restart, main_pid, wait_for

_SECONDS = 60


def kill_supervisor(name):
    """Kill a container's supervisor as the kernel does that is out of memory; return its PID."""
    supervisor = main_pid(name)
    os.kill(supervisor, signal.SIGKILL)
    return supervisor


def export_is_mounted(name):
    """Tell whether nspawn's mount for a machine is there, in the place of systemd 256 to 257 or in that of 262."""
    runtime = Path("/run/systemd/nspawn")
    return any(place.is_mount() for place in (runtime / "unix-export" / name, runtime / name / "unix-export"))


def makes_exports():
    """Tell whether this host's nspawn mounts something for each machine, as it does since version 256."""
    said = subprocess.run(["systemd-nspawn", "--version"], check=True, capture_output=True, text=True).stdout
    return int(said.split()[1]) >= 256


def test_systemd_starts_a_killed_container_again(tool, name, prefix, tmp_path):
    options = f'extra.addressPrefix = "{prefix}";'
    tool("create", "-s", write_definition(tmp_path / "c.nix", name, options=options))
    for _ in range(2):
        killed = kill_supervisor(name)
        wait_for(lambda killed=killed: main_pid(name) not in {0, killed}, _SECONDS)
        wait_for(lambda: tool("status", name, code=None).out == "up\n", _SECONDS)
        assert tool("run", name, "--", "hostname").out == f"{name}\n"
        assert export_is_mounted(name) == makes_exports()
    tool("destroy", name)
    assert leftovers(name) == []


def test_a_killed_container_is_started_by_hand(tool, name, tmp_path):
    tool("create", "-s", definition_without_restart(tmp_path / "c.nix", name))
    kill_supervisor(name)
    wait_for(lambda: main_pid(name) == 0, _SECONDS)
    assert export_is_mounted(name) == makes_exports()
    subprocess.run(["systemctl", "start", f"container@{name}.service"], check=True)
    assert tool("status", name).out == "up\n"
