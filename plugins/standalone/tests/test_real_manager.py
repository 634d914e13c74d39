"""Containers run, fail and end under their supervisors, with the real systemd-nspawn. Needs root."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from extra_container.plugin import ActiveState, HostError
from extra_container_standalone.manager import StandaloneManager
from extra_container_standalone.record import read_record
from tests.processes import running

STUCK = "[Service]\nType=oneshot\nExecStart=/bin/sleep 1000\n[Unit]\nBefore=default.target\nDefaultDependencies=no\n"
DEAF = """exec systemd-nspawn --keep-unit -M "$INSTANCE" -D "$root" --bind-ro=/usr --private-network \
  $EXTRA_NSPAWN_FLAGS /bin/bash -c 'trap "" TERM RTMIN+3; while :; do sleep 1; done'
"""
ADDRESS = "HOST_ADDRESS=10.251.7.1\n"


START = """export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
exec systemd-nspawn --keep-unit -M "$INSTANCE" -D "$root" --notify-ready=yes --kill-signal=SIGRTMIN+3 \
  --bind-ro=/usr --private-network --link-journal=try-guest $EXTRA_NSPAWN_FLAGS /init
"""


def active(machine, name):
    return machine.manager.states([name])[name].active


def supervisor(machine, name):
    return read_record(machine.places.record(name)).supervisor


def test_containers_start_together_and_leave_nothing_when_stopped(machine):
    names = [machine.add("sat-a"), machine.add("sat-b", conf=ADDRESS)]
    assert machine.manager.start(names) == ()
    states = machine.manager.states([*names, "sat-x"])
    assert [states[name].active for name in names] == [ActiveState.ACTIVE] * 2
    assert states["sat-a"].fragment == machine.places.unit("sat-a")
    assert not states["sat-x"].loaded
    leader = machine.manager.leader("sat-b")
    told = machine.manager.describe([*names, "sat-x"])
    assert (told["sat-b"].leader, told["sat-x"].leader, told["sat-x"].since) == (leader, None, None)
    assert all(0 <= time.time() - told[name].since < 300 and told[name].state.up for name in names)
    inside = subprocess.run(
        ["nsenter", "-t", str(leader), "-m", "-u", "-n", "-p", "hostname"], capture_output=True, text=True, check=True
    )
    assert inside.stdout == "sat-b\n"
    assert "10.251.7.1/24" in subprocess.run(["ip", "addr"], capture_output=True, text=True, check=True).stdout
    assert any("pre-start sat-a" in line for line in machine.manager.journal("sat-a", 100))
    assert len(machine.manager.journal("sat-a", 3)) == 3
    assert machine.manager.start(names) == ()
    assert machine.manager.leader("sat-b") == leader

    assert machine.manager.stop(names) == ()
    assert [active(machine, name) for name in names] == [ActiveState.INACTIVE] * 2
    assert [machine.traces(name) for name in names] == [[], []]
    assert [machine.post_stops(name) for name in names] == [1, 1]
    assert machine.manager.leader("sat-b") is None
    assert machine.manager.stop(names) == ()
    machine.manager.forget(names)
    assert not machine.places.directory("sat-a").exists()


def test_a_stopped_container_starts_again_at_once(machine):
    name = machine.add("sat-again")
    for _ in range(3):
        assert machine.manager.start([name]) == ()
        assert machine.manager.stop([name]) == ()
    assert machine.post_stops(name) == 3


def test_an_occupied_address_is_reported_and_the_container_stopped(machine):
    route = "ip link set dev ve-$INSTANCE up; ip route add 10.251.7.2 dev ve-$INSTANCE\n"
    bad = machine.add("sat-bad", conf=ADDRESS, post_start=route + route)
    good = machine.add("sat-good")
    failures = machine.manager.start([bad, good])
    assert [failure.name for failure in failures] == [bad]
    assert failures[0].message == "ExecStartPost failed with code 2"
    assert any("RTNETLINK answers: File exists" in line for line in failures[0].details)
    assert active(machine, bad) is ActiveState.FAILED
    assert active(machine, good) is ActiveState.ACTIVE
    assert machine.manager.stop([bad]) == ()
    assert machine.traces(bad) == []
    assert machine.post_stops(bad) == 1
    machine.manager.forget([bad])
    assert active(machine, bad) is ActiveState.INACTIVE


@pytest.mark.parametrize(
    ("start", "message", "detail"),
    [
        ("echo no resolv.conf\nexit 3\n", "ExecStart failed with code 3", "no resolv.conf"),
        ("echo done\nexit 0\n", "it ended before it had booted", "done"),
        ("echo killed\nkill -KILL $$\n", "ExecStart was ended by SIGKILL", "killed"),
    ],
)
def test_a_start_script_that_ends_is_reported(machine, start, message, detail):
    name = machine.add("sat-script", start=start)
    (failure,) = machine.manager.start([name])
    assert failure.message == message
    assert any(detail in line for line in failure.details)
    assert active(machine, name) is ActiveState.FAILED


def test_a_container_that_does_not_boot_in_time_is_killed(machine):
    name = machine.add("sat-slow", timeout="2", container_unit=STUCK)
    (failure,) = machine.manager.start([name])
    assert failure.message == "it did not boot within 2 s"
    assert machine.manager.states([name])[name].result == "timeout"


def test_what_is_not_installed_or_masked_does_not_start(machine):
    name = machine.add("sat-masked")
    machine.places.unit(name).unlink()
    machine.places.unit(name).symlink_to("/dev/null")
    missing, masked = machine.manager.start(["sat-none", name])
    assert "container@sat-none.service is not installed" in missing.message
    assert "container@sat-masked.service is masked" in masked.message


def test_a_unit_that_cannot_be_understood_is_a_failure(machine):
    name = machine.add("sat-odd", unit_lines="ExecStop=relative\n")
    (failure,) = machine.manager.start([name])
    assert "ExecStop= does not begin with an absolute path" in failure.message


@pytest.mark.parametrize(
    ("lines", "unmet"),
    [
        ("ConditionPathExists=/srv/absent-%i", "ConditionPathExists=/srv/absent-sat-cond of its unit is not met"),
        ("ConditionPathExists=!/usr", "ConditionPathExists=!/usr of its unit is not met"),
        ("AssertFileNotEmpty=/dev/null", "AssertFileNotEmpty=/dev/null of its unit is not met"),
        (
            "ConditionHost=|elsewhere\nConditionPathExists=|/srv/absent",
            "ConditionHost=|elsewhere and ConditionPathExists=|/srv/absent of its unit are not met",
        ),
        ("ConditionPathExists=/srv/100%%", "ConditionPathExists=/srv/100% of its unit is not met"),
    ],
)
def test_an_unmet_condition_is_named_and_nothing_starts(machine, lines, unmet):
    name = machine.add("sat-cond", unit_lines=f"[Unit]\n{lines}\n")
    (failure,) = machine.manager.start([name])
    assert failure.message == unmet
    assert active(machine, name) is ActiveState.INACTIVE
    assert machine.post_stops(name) == 0


def test_conditions_that_are_met_or_that_nobody_knows_keep_nothing_from_starting(machine):
    lines = "ConditionPathExists=/usr\nConditionPathExists=|/srv/absent\nConditionHost=|!elsewhere\nConditionNovel=x\n"
    name = machine.add("sat-met", unit_lines=f"[Unit]\n{lines}ConditionUser=nobody\nConditionUser=\n")
    assert machine.manager.start([name]) == ()
    assert active(machine, name) is ActiveState.ACTIVE


def boots_at_most(path):
    """Return how many containers booted at once, at the most."""
    with path.open() as file:
        changes = sorted((float(stamp), 1 if word == "begins" else -1) for word, stamp in map(str.split, file))
    return max(sum(step for _, step in changes[: number + 1]) for number in range(len(changes)))


def test_no_more_boot_at_once_than_the_machine_can_take(machine, tmp_path):
    begins, booted = (f'echo "{word} $(date +%s.%N)" >> {tmp_path}/times\n' for word in ("begins", "booted"))
    names = [machine.add(f"sat-many{number}", start=begins + START, post_start=booted) for number in range(5)]
    bad = machine.add("sat-many-bad", start=f"{begins}{booted}exit 3\n")
    two = StandaloneManager(machine.places, at_once=2)
    assert [failure.name for failure in two.start([bad, *names])] == [bad]
    assert [active(machine, name) for name in names] == [ActiveState.ACTIVE] * 5
    assert boots_at_most(tmp_path / "times") <= 2
    assert two.stop(names) == ()
    assert [machine.traces(name) for name in names] == [[]] * 5


def test_an_interruption_leaves_what_was_begun_and_begins_no_more(machine, eventually):
    names = [machine.add(f"sat-cut{number}", start=f"sleep 3\n{START}") for number in range(4)]
    two = StandaloneManager(machine.places, at_once=2)
    timer = threading.Timer(1, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        two.start(names)
    eventually(lambda: [active(machine, name) for name in names[:2]] == [ActiveState.ACTIVE] * 2)
    assert [active(machine, name) for name in names[2:]] == [ActiveState.INACTIVE] * 2


def test_details_of_a_failure_hold_nothing_for_the_terminal(machine):
    said = r"printf '\033M\033[31mred\033[0m\r\n\033[K\033Mplain\n'"
    (failure,) = machine.manager.start([machine.add("sat-codes", start=f"{said}\nexit 3\n")])
    assert failure.details[1:3] == ("red", "plain")


@pytest.mark.parametrize("way", ["stop", "kill", "start"])
def test_a_dead_supervisor_does_not_hide_nor_keep_its_container(machine, eventually, way):
    name = machine.add("sat-orphan", conf=ADDRESS)
    assert machine.manager.start([name]) == ()
    supervisor(machine, name).send(signal.SIGKILL)
    eventually(lambda: not supervisor(machine, name).alive())
    assert active(machine, name) is ActiveState.ACTIVE
    if way == "start":
        os.kill(read_record(machine.places.record(name)).main.pid, signal.SIGKILL)
        eventually(lambda: active(machine, name) is not ActiveState.ACTIVE)
        assert machine.manager.start([name]) == ()
        assert active(machine, name) is ActiveState.ACTIVE
        assert machine.manager.stop([name]) == ()
    else:
        assert getattr(machine.manager, way)([name]) == ()
    assert active(machine, name) is ActiveState.INACTIVE
    assert machine.traces(name) == []
    assert machine.post_stops(name) == (2 if way == "start" else 1)


def test_forget_cleans_up_after_a_crash(machine, eventually):
    name = machine.add("sat-crash")
    assert machine.manager.start([name]) == ()
    record = read_record(machine.places.record(name))
    for process in (record.supervisor, record.main, record.leader):
        process.send(signal.SIGKILL)
    eventually(lambda: active(machine, name) is ActiveState.FAILED)
    machine.manager.forget([name])
    assert active(machine, name) is ActiveState.INACTIVE
    assert machine.traces(name) == []
    assert machine.post_stops(name) == 1


def test_the_death_of_nspawn_is_a_failure(machine, eventually):
    name = machine.add("sat-oom", conf=ADDRESS)
    assert machine.manager.start([name]) == ()
    record = read_record(machine.places.record(name))
    record.main.send(signal.SIGKILL)
    eventually(lambda: active(machine, name) is ActiveState.FAILED)
    assert machine.manager.states([name])[name].result == "signal"
    eventually(lambda: machine.traces(name) == [])
    assert not record.leader.alive()


def test_a_container_that_halts_by_itself_is_inactive(machine, eventually):
    name = machine.add("sat-halt")
    assert machine.manager.start([name]) == ()
    os.kill(machine.manager.leader(name), signal.SIGRTMIN + 3)
    eventually(lambda: active(machine, name) is ActiveState.INACTIVE)
    eventually(lambda: machine.traces(name) == [])


def test_a_reboot_starts_the_container_again(machine, eventually):
    name = machine.add("sat-reboot", conf=ADDRESS)
    assert machine.manager.start([name]) == ()
    first = machine.manager.leader(name)
    os.kill(first, signal.SIGRTMIN + 5)
    eventually(lambda: machine.manager.leader(name) not in {first, None} and active(machine, name).value == "active")
    assert machine.manager.stop([name]) == ()
    assert machine.post_stops(name) == 2


@pytest.mark.parametrize(("way", "lines"), [("kill", ""), ("stop", "TimeoutStopSec=1\n")])
def test_a_container_that_does_not_listen_is_killed(machine, way, lines):
    name = machine.add("sat-deaf", start=DEAF, unit_lines=lines)
    assert machine.manager.start([name]) == ()
    began = time.monotonic()
    assert getattr(machine.manager, way)([name]) == ()
    assert time.monotonic() - began < 4
    assert machine.traces(name) == []


def test_kill_ends_what_entered_the_container(machine):
    name = machine.add("sat-entered", conf=ADDRESS)
    assert machine.manager.start([name]) == ()
    leader = str(machine.manager.leader(name))
    with running("nsenter", "-t", leader, "-m", "-u", "-i", "-n", "-p", "sleep", "1000") as entered:
        assert machine.manager.kill([name]) == ()
        assert machine.traces(name) == []
        assert entered.wait(5) != 0


def test_kill_does_not_wait_for_a_parent_that_buries_nobody(machine):
    name = machine.add("sat-zombie", conf=ADDRESS)
    assert machine.manager.start([name]) == ()
    leader = str(machine.manager.leader(name))
    with running("nsenter", "-t", leader, "-m", "-u", "-i", "-n", "-p", "sleep", "1000") as entered:
        entered.send_signal(signal.SIGSTOP)
        failures, traces = machine.manager.kill([name]), machine.traces(name)
        again = machine.manager.start([name])
        entered.send_signal(signal.SIGCONT)
        entered.wait(5)
    assert (failures, traces, again) == ((), [], ())


def test_a_dead_supervisors_container_is_ended_by_its_unit_even_if_that_is_gone(machine, eventually):
    name = machine.add("sat-nounit")
    assert machine.manager.start([name]) == ()
    supervisor(machine, name).send(signal.SIGKILL)
    eventually(lambda: not supervisor(machine, name).alive())
    machine.places.unit(name).resolve().unlink()
    machine.places.unit(name).unlink()
    assert machine.manager.kill([name]) == ()
    assert machine.traces(name) == []
    assert machine.post_stops(name) == 1


def test_a_namespace_held_from_outside_does_not_keep_the_interface(machine):
    name = machine.add("sat-held", conf=ADDRESS)
    assert machine.manager.start([name]) == ()
    leader = str(machine.manager.leader(name))
    with running("nsenter", "-t", leader, "-n", "sleep", "1000"):
        assert machine.manager.kill([name]) == ()
        assert machine.traces(name) == []


def test_the_copy_of_an_ephemeral_container_is_removed_when_it_is_killed(machine):
    ephemeral = START.replace("--link-journal=try-guest", "--ephemeral")
    name = machine.add("sat-copy", start=ephemeral, unit_lines="RuntimeDirectory=extra-container-tests/%i\n")
    directory = Path("/run/extra-container-tests")
    assert machine.manager.start([name]) == ()
    assert (directory / name).is_dir()
    assert machine.manager.kill([name]) == ()
    assert machine.traces(name) == []
    assert not (directory / name).exists()
    directory.rmdir()
    assert list((machine.directory / "roots").iterdir()) == [machine.directory / "roots" / name]


def test_an_interrupted_start_goes_on(machine, eventually, tmp_path):
    name = machine.add("sat-interrupt", post_start="sleep 1\n")
    program = (
        "import sys, pathlib; from extra_container_standalone.manager import StandaloneManager as M; "
        "from extra_container_standalone.places import Places; "
        "M(Places.below(pathlib.Path(sys.argv[1]))).start(sys.argv[2:])"
    )
    path = os.pathsep.join(sys.path)
    argv = [sys.executable, "-c", program, str(tmp_path), name]
    with running(*argv, env={**os.environ, "PYTHONPATH": path}, stderr=subprocess.PIPE) as caller:
        eventually(lambda: machine.manager.leader(name) is not None)
        caller.send_signal(signal.SIGINT)
        assert b"KeyboardInterrupt" in caller.communicate()[1]
    assert active(machine, name) is ActiveState.ACTIVATING
    assert machine.manager.start([name]) == ()
    assert active(machine, name) is ActiveState.ACTIVE


def test_a_container_whose_stop_was_not_waited_for_starts_again(machine, monkeypatch):
    name = machine.add("sat-resume")
    assert machine.manager.start([name]) == ()
    before = machine.manager.leader(name)

    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(machine.manager, "_await_gone", interrupt)
        with pytest.raises(KeyboardInterrupt):
            machine.manager.stop([name])
    assert machine.manager.start([name]) == ()
    assert active(machine, name) is ActiveState.ACTIVE
    assert machine.manager.leader(name) not in {before, None}


def test_stop_breaks_off_a_start(machine, eventually):
    name = machine.add("sat-break", container_unit=STUCK)
    fork = multiprocessing.get_context("fork")
    child = fork.Process(target=lambda: sys.exit(len(machine.manager.start([name]))))
    child.start()
    try:
        eventually(lambda: machine.manager.leader(name) is not None)
        assert machine.manager.stop([name]) == ()
        child.join(60)
        assert child.exitcode == 1
    finally:
        child.kill()
        child.join()
    assert active(machine, name) is ActiveState.INACTIVE


@pytest.mark.parametrize(
    "test",
    [
        test_containers_start_together_and_leave_nothing_when_stopped,
        test_an_occupied_address_is_reported_and_the_container_stopped,
        test_a_reboot_starts_the_container_again,
    ],
)
def test_a_machine_with_cgroup_v2_alone(test):
    script = 'umount -l /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"'
    pytest_argv = [sys.executable, "-m", "pytest", "-q", "--import-mode=importlib", f"{__file__}::{test.__name__}"]
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, "sh", *pytest_argv, "-p", "no:cacheprovider"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_there_is_no_login(machine):
    with pytest.raises(HostError) as error:
        machine.manager.login_argv("sat-a")
    assert "root-login" in (error.value.hint or "")
