"""Which machine is a standalone host, and what it says that it cannot give."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import extra_container_standalone as plugin
from extra_container.plugin import ActiveState, BuildResult, BuiltContainer, Runner, Severity, parse_mounts, proc
from extra_container_standalone.cgroup import hierarchies
from extra_container_standalone.places import Places
from extra_container_standalone.record import Record, read_record, write_record
from extra_container_standalone.unit.service import load_service

PLAIN = (
    "[Service]\nExecStart=/store/start\nRestart=on-failure\nRestartForceExitStatus=133\nDevicePolicy=closed\n"
    "Slice=machine.slice\nDelegate=true\nTimeoutStartSec=1min\n"
)


@pytest.fixture
def programs(tmp_path):
    directory = tmp_path / "programs"
    directory.mkdir()
    for program in ("systemd-nspawn", "nsenter"):
        (directory / program).write_text("#!/bin/sh\n")
        (directory / program).chmod(0o755)
    return directory


def runner(directory):
    return Runner(environment={"PATH": str(directory)}, trusted=())


def test_a_machine_without_booted_systemd_is_a_standalone_host(tmp_path, programs):
    host = plugin.ec_detect_host(tmp_path, runner(programs))
    assert host.name == "standalone"
    assert host.unit_directory == tmp_path / "run/extra-container/units"
    assert host.conf_directory == tmp_path / "run/extra-container/conf"
    assert host.gc_roots == tmp_path / "nix/var/nix/gcroots/auto"
    assert not host.auto_start


def test_a_booted_systemd_is_left_to_others(tmp_path, programs):
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    assert plugin.ec_detect_host(tmp_path, runner(programs)) is None


@pytest.mark.parametrize("program", ["systemd-nspawn", "nsenter"])
def test_both_programs_are_needed(tmp_path, programs, program):
    (programs / program).unlink()
    assert plugin.ec_detect_host(tmp_path, runner(programs)) is None


def built(tmp_path: Path, text: str, **settings: str) -> BuildResult:
    container = BuiltContainer(
        name="demo",
        unit=tmp_path / "container@demo.service",
        conf=tmp_path / "demo.conf",
        conf_directory=Path("/etc/nixos-containers"),
        root=Path("/var/lib/nixos-containers/demo"),
        unit_text=text,
        conf_text="",
        settings=settings,
    )
    return BuildResult(path=tmp_path, containers=(container,))


@pytest.mark.parametrize(
    ("line", "settings", "said"),
    [
        ("", {"AUTO_START": "1"}, "autoStart is not possible"),
        ("DeviceAllow=/dev/net/tun rw\n", {}, "DeviceAllow=/dev/net/tun rw has no effect"),
        ("MemoryMax=1G\nTasksMax=20\n", {}, "limits are not enforced: MemoryMax=1G, TasksMax=20"),
        ("CPUQuota=50%\n", {}, "limits are not enforced: CPUQuota=50%"),
        ("Restart=always\n", {}, "Restart=always has no effect"),
        (
            "[Unit]\nConditionPathExists=/srv/%i\nAssertHost=|x\n",
            {},
            "conditions have no effect: ConditionPathExists=/srv/demo, AssertHost=|x",
        ),
    ],
)
def test_what_only_systemd_gives_is_a_warning(tmp_path, programs, line, settings, said):
    host = plugin.ec_detect_host(tmp_path, runner(programs))
    (problem,) = plugin.ec_check_build(built(tmp_path, PLAIN + line, **settings), host)
    assert problem.message == f"demo: {said} on a host without systemd"
    assert problem.severity is Severity.WARNING


def test_a_plain_container_gives_no_warning(tmp_path, programs):
    host = plugin.ec_detect_host(tmp_path, runner(programs))
    assert plugin.ec_check_build(built(tmp_path, PLAIN, AUTO_START="0"), host) == ()


def test_a_unit_as_nixos_builds_it(tmp_path):
    unit = tmp_path / "unit"
    unit.write_text(
        '[Service]\nEnvironment="INSTANCE=%i"\nEnvironment="root=/var/lib/nixos-containers/%i"\n'
        "EnvironmentFile=-/etc/nixos-containers/%i.conf\nExecStart=/store/bin/start\n"
        "ExecStartPre=-/store/bin/pre $A ${A}\n"
        "RuntimeDirectory=nixos-containers/%i\nTimeoutStartSec=1min\nRestartForceExitStatus=133\n"
    )
    places = Places.below(tmp_path)
    places.confs.mkdir(parents=True)
    (places.confs / "a-b.conf").write_text('A="x y"\nEXTRA_NSPAWN_FLAGS=" --bind=/srv"\n')
    service = load_service("a-b", unit, places)
    environment = service.environment()
    assert environment["INSTANCE"] == "a-b"
    assert environment["EXTRA_NSPAWN_FLAGS"] == " --bind=/srv --register=no"
    assert service.root == Path("/var/lib/nixos-containers/a-b")
    assert service.start_pre[0].may_fail
    assert service.start_pre[0].argv(environment) == ("/store/bin/pre", "x", "y", "x y")
    assert service.runtime_directories == (Path("/run/nixos-containers/a-b"),)
    assert (service.start_timeout, service.stop_timeout) == (60.0, 90.0)
    assert service.reboot_codes == {133}


@pytest.mark.parametrize(
    ("prefixed", "argv", "may_fail"),
    [
        ("@/bin/a b c", ("b", "c"), False),
        ("-+/bin/a $X", ("/bin/a", "1", "2"), True),
        (":/bin/a $X", ("/bin/a", "$X"), False),
        ("!!/bin/a $$X pre${X}post", ("/bin/a", "$X", "pre1 2post"), False),
    ],
)
def test_prefixes_and_variables_of_commands(tmp_path, prefixed, argv, may_fail):
    unit = tmp_path / "unit"
    unit.write_text(f"[Service]\nExecStart=/bin/x\nExecStartPre={prefixed}\n")
    (command,) = load_service("a", unit, Places.below(tmp_path)).start_pre
    assert command.program == "/bin/a"
    assert command.argv({"X": "1 2"}) == argv
    assert command.may_fail is may_fail


HYBRID = b"""\
30 25 0:26 / /sys/fs/cgroup rw shared:9 - tmpfs tmpfs rw,mode=755
31 30 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu
32 30 0:28 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd
33 30 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
34 30 0:29 / /somewhere/else rw - cgroup2 cgroup2 rw
"""
UNIFIED = b"30 25 0:26 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"


def test_hierarchies():
    assert hierarchies(parse_mounts(HYBRID)) == (Path("/sys/fs/cgroup/systemd"), Path("/sys/fs/cgroup/unified"))
    assert hierarchies(parse_mounts(UNIFIED)) == (Path("/sys/fs/cgroup"),)


def test_records_are_read_as_written(tmp_path):
    me = proc.identify(1)
    assert me is not None
    record = Record(supervisor=me, active=ActiveState.ACTIVE, main=proc.Process(pid=7, started=9))
    write_record(tmp_path / "state.json", record)
    assert read_record(tmp_path / "state.json") == record
    assert read_record(tmp_path / "none.json") is None


def test_another_process_with_the_same_pid_is_not_mistaken():
    me = proc.identify(1)
    assert me is not None
    assert me.alive()
    assert not proc.Process(pid=1, started=me.started + 1).alive()
    assert not proc.Process(pid=1, started=me.started + 1).send(0)


UNREAPED = """
import os, sys
from pathlib import Path
from extra_container.plugin import proc
from extra_container_standalone.cgroup import Cgroup
from extra_container_standalone.places import Places
from extra_container_standalone.run import Run
from extra_container_standalone.unit.service import load_service
from extra_container_standalone.watch import Watch

place = Path(sys.argv[1])
run = Run(load_service("a", place / "unit", Places.below(place)), Cgroup(()), Watch(place), 1)
main = os.fork()
if main == 0:
    os._exit(133)
os.waitid(os.P_PID, main, os.WEXITED | os.WNOWAIT)
run.adopt(proc.identify_child(main))
print(run.end(started=True, at_once=False))
"""


def test_the_status_of_a_container_that_has_just_ended_is_known(tmp_path):
    """The kernel shows that a process has ended a moment before its parent is told."""
    (tmp_path / "unit").write_text(PLAIN)
    done = subprocess.run(
        [sys.executable, "-c", UNREAPED, tmp_path], check=False, capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("133\n", "")
