"""Detection, and the script made from a unit. That containers run on it is tested with real ones, by the program."""

import errno
import subprocess
import time
from pathlib import Path

import pytest

import extra_container_sysvinit
from extra_container.plugin import ActiveState, HostError
from extra_container.testing import FakeRunner, built_container, hooks_with, place_container
from extra_container_sysvinit.manager import _remove_group
from extra_container_sysvinit.script import commands, environment, start_script

UNIT = """\
[Service]
Environment="INSTANCE=%i"
Environment="root=/var/lib/nixos-containers/%i" A=b
ExecStartPre=/bin/prepare %i
ExecStartPre=-/bin/may-fail
ExecStart=/bin/start %i
ExecStartPost=
"""


def detect(root, wanted=None):
    return hooks_with(extra_container_sysvinit).detect_host(root, FakeRunner(), wanted)


def test_a_machine_without_systemd_is_recognised(tmp_path):
    host = detect(tmp_path)
    assert host.name == "sysvinit"
    assert host.unit_directory == tmp_path / "var/lib/extra-container-sysvinit/units"


def test_a_machine_with_systemd_is_left_to_others(tmp_path):
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    with pytest.raises(HostError):
        detect(tmp_path)


@pytest.mark.parametrize("program", ["start-stop-daemon", "systemd-nspawn", "nsenter"])
def test_a_machine_without_the_programs_is_left_to_others(tmp_path, program):
    with pytest.raises(HostError):
        hooks_with(extra_container_sysvinit).detect_host(tmp_path, FakeRunner(missing=[program]))


def test_commands_and_environment_of_a_unit():
    assert commands(UNIT, "ExecStartPre") == ("/bin/prepare %i", "-/bin/may-fail")
    assert commands(UNIT, "ExecStartPost") == ()
    assert environment("demo", UNIT, {"A": "c d"}) == {
        "INSTANCE": "demo",
        "root": "/var/lib/nixos-containers/demo",
        "A": "c d",
        "EXTRA_NSPAWN_FLAGS": "--register=no",
    }
    assert environment("demo", "", {"EXTRA_NSPAWN_FLAGS": "--a"}) == {"EXTRA_NSPAWN_FLAGS": "--a --register=no"}


def test_the_script(tmp_path):
    script = start_script("demo", UNIT, {"A": "it's"}, "/run/log", "/run/notify")
    assert subprocess.run(["sh", "-n"], input=script, text=True, check=False).returncode == 0
    assert "export A='it'\"'\"'s'\n" in script
    assert script.endswith("/bin/prepare demo || exit\n/bin/may-fail || :\nexec /bin/start demo\n")


def test_a_container_that_does_not_run(tmp_path):
    host = detect(tmp_path)
    place_container(built_container("demo"), host)
    states = host.manager.states(["demo", "other"])
    assert states["demo"].active is ActiveState.INACTIVE
    assert (states["demo"].loaded, states["other"].loaded) == (True, False)
    assert host.manager.leader("demo") is None
    assert host.manager.stop(["demo"]) == ()


def test_a_group_that_the_kernel_still_holds_is_removed_a_moment_later(tmp_path, monkeypatch):
    busy, rmdir = [1, 2], Path.rmdir

    def refuse_twice(directory):
        if busy:
            busy.pop()
            raise OSError(errno.EBUSY, "Device or resource busy")
        rmdir(directory)

    monkeypatch.setattr(Path, "rmdir", refuse_twice)
    (tmp_path / "group").mkdir()
    _remove_group(tmp_path / "group", time.monotonic() + 60)
    assert not (tmp_path / "group").exists()
    busy.append(1)
    (tmp_path / "group").mkdir()
    with pytest.raises(OSError, match="busy"):
        _remove_group(tmp_path / "group", time.monotonic())
