"""Hosts whose systemd, D-Bus, machined, journal, directories or programs are not as they should be."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.containers.conftest import leftovers, write_definition
from tests.system import broken
from tests.system.hand_written import UNITS

WITHOUT_MACHINED = [broken.masked_machined, broken.stopped_dbus]


def machines():
    argv = ["machinectl", "--no-legend", "list"]
    return subprocess.run(argv, check=True, text=True, capture_output=True).stdout.split()


def has_failed(name):
    return name in broken.systemctl("--failed", "--no-legend", "--plain")


def note(path, name, text):
    return write_definition(path, name, config=f'environment.etc.note.text = "{text}";')


@pytest.mark.parametrize("surroundings", WITHOUT_MACHINED)
def test_what_ran_before_machined_was_lost_is_updated_restarted_and_destroyed(tool, name, tmp_path, surroundings):
    tool("create", "-s", note(tmp_path / "c.nix", name, "one"))
    with surroundings():
        assert "Updating containers:" in tool("create", "-s", note(tmp_path / "c.nix", name, "two")).out
        assert tool("run", name, "--", "cat", "/etc/note").out == "two"
        tool("restart", name)
        assert tool("run", name, "--", "hostname").out == f"{name}\n"
        tool("destroy", name)
    # machined removes its own file of a machine when it comes back and finds it dead.
    assert name not in machines()
    assert leftovers(name) == []
    assert not has_failed(name)


@pytest.mark.parametrize("surroundings", WITHOUT_MACHINED)
def test_what_starts_without_machined_is_controlled_and_registers_when_it_is_back(tool, name, tmp_path, surroundings):
    with surroundings():
        tool("create", "-s", write_definition(tmp_path / "c.nix", name, options='extraFlags = [ "--setenv=X=a$b" ];'))
        assert tool("status", name).out == "up\n"
        tool("stop", name)
        tool("start", name)
        tool("terminate", name)
        tool("start", name)
        assert tool("run", name, "--", "hostname").out == f"{name}\n"
    assert name not in machines()
    assert tool("run", name, "--", "hostname").out == f"{name}\n"
    tool("restart", name)
    assert name in machines()
    assert list(Path("/run/systemd/system").glob(f"*{name}*")) == []


def test_a_changed_conf_reaches_what_starts_without_machined(tool, name, tmp_path):
    def bind(path):
        return write_definition(tmp_path / "c.nix", name, options=f'bindMounts."/x".hostPath = "{path}";')

    for text in ("one", "two"):
        (tmp_path / text).mkdir()
        (tmp_path / text / "file").write_text(text)
    with broken.masked_machined():
        tool("create", "-s", bind(tmp_path / "one"))
        tool("create", "-s", bind(tmp_path / "two"))
        assert tool("run", name, "--", "cat", "/x/file").out == "two"


def test_without_machined_the_manager_waits_for_nobody(manager, units):
    units.add("ec-alone")
    with broken.masked_machined():
        assert manager.start(["ec-alone"]) == ()
        assert manager.leader("ec-alone") is not None
        assert manager.stop(["ec-alone"]) == ()
        assert manager.start(["ec-alone"]) == ()
        assert manager.kill(["ec-alone"]) == ()
    manager.forget(["ec-alone"])
    assert list(UNITS.glob("container@ec-alone*.d")) == []


def test_a_degraded_host_is_no_obstacle(tool, name, tmp_path):
    with broken.degraded():
        done = subprocess.run(["systemctl", "is-system-running"], check=False, text=True, capture_output=True)
        assert done.stdout == "degraded\n"
        tool("create", "-s", note(tmp_path / "c.nix", name, "one"))
        tool("create", "-s", note(tmp_path / "c.nix", name, "two"))
        tool("restart", name)
        tool("destroy", name)
    assert leftovers(name) == []


def test_without_a_journal_containers_run_and_failures_say_what_is_missing(tool, name, tmp_path):
    definition = note(tmp_path / "c.nix", name, "one")
    bad = write_definition(tmp_path / "bad.nix", name, options='extraFlags = [ "--no-such-flag" ];')
    with broken.stopped_journal():
        tool("create", "-s", definition)
        tool("restart", name)
        tool("destroy", name)
        done = tool("create", "-s", bad, code=4)
        assert f"Container {name} did not start: its unit failed with result exit-code" in done.err
        assert "the journal does not answer" in done.err
        assert "failed with code" not in done.err
        tool("create", "-s", "--keep-failed", bad, code=4)
        [row] = json.loads(tool("status", "--json", name).out)
        assert row["state"] in {"failed", "restarting", "starting"}
        tool("destroy", name)
    assert leftovers(name) == []


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("unitConfig.RefuseManualStart = true", "Operation refused, unit container@{name}.service may be requested by"),
        ('serviceConfig.ExecStart = lib.mkForce "./relative"', "systemd cannot use its unit"),
        ('unitConfig.Requires = "absent-{name}.service"', "absent-{name}.service"),
    ],
)
def test_a_unit_that_systemd_refuses_is_a_clear_error_and_nothing_stays(tool, name, tmp_path, setting, message):
    path = tmp_path / "c.nix"
    unit = f'systemd.services."container@{name}".{setting};'.replace("{name}", name)
    path.write_text(f"{{ lib, ... }}: {{ containers.{name} = {{ }}; {unit} }}")
    done = tool("create", "-s", path, code=4)
    assert message.replace("{name}", name) in done.err
    lines = [line.strip() for line in done.err.splitlines()]
    assert len([line for line in lines if "Operation refused" in line]) <= 1
    assert tool("list").out == ""
    assert leftovers(name) == []
    assert not has_failed(name)


def test_a_read_only_state_directory_is_named_and_nothing_stays(tool, name, tmp_path):
    state = Path("/var/lib/nixos-containers")
    with broken.read_only(state):
        done = tool("create", "-s", write_definition(tmp_path / "c.nix", name), code=4)
        assert f"Container {name} did not start: {state}/{name} is on a read-only file system" in done.err
        assert f"{name} is not installed, as before" in done.err
        assert tool("list").out == ""
    assert leftovers(name) == []


def test_a_read_only_directory_of_units_is_named_and_nothing_changes(tool, name, tmp_path):
    # A bind mount of /usr/lib/systemd/system alone is answered by another directory of systemd's unit path.
    with broken.read_only(Path("/usr/lib/systemd/system")), broken.read_only(Path("/usr/local/lib/systemd/system")):
        done = tool("create", "-s", write_definition(tmp_path / "c.nix", name), code=None)
        assert done.code not in {0, 70}
        assert f"/usr/local/lib/systemd/system/container@{name}.service" in done.err
        assert "Read-only file system" in done.err
    assert leftovers(name) == []


def test_a_host_without_nspawn_is_told_the_package(tool, name, tmp_path):
    with broken.without(Path("/usr/bin/systemd-nspawn")):
        done = tool("create", "-s", write_definition(tmp_path / "c.nix", name), code=4)
        assert "systemd-nspawn was not found; install the package systemd-container" in done.err
    assert leftovers(name) == []
    assert not has_failed(name)


def test_kill_that_is_interrupted_leaves_no_failed_unit(manager, units, monkeypatch):
    units.add("ec-cut")
    assert manager.start(["ec-cut"]) == ()
    ask = manager._end
    calls = []

    def interrupted(names, **options):
        calls.append(names)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return ask(names, **options)

    monkeypatch.setattr(manager, "_end", interrupted)
    with pytest.raises(KeyboardInterrupt):
        manager.kill(["ec-cut"])
    state = manager.states(["ec-cut"])["ec-cut"]
    assert state.active.value == "inactive"
