"""SystemdManager against a real systemd, machined and nspawn. Runs inside the test host, as root."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
import uuid
from pathlib import Path
from types import MappingProxyType

import pytest

from extra_container.model.host import ActiveState, Host
from extra_container.model.layout import unit_name
from extra_container.model.plans import Change, InstallItem, InstallPlan
from extra_container.model.values import BuiltContainer
from extra_container.process import Runner
from extra_container.systemd.checks import fragment_problems
from extra_container.systemd.manager import SystemdManager
from tests.system.hand_written import BOOT, DEAF, SLOW, UNITS
from tests.system.supervisor import wait_for


def machines() -> str:
    return subprocess.run(["machinectl", "--no-legend", "list"], check=True, text=True, capture_output=True).stdout


def cgroup(pid: int) -> str:
    return Path(f"/proc/{pid}/cgroup").read_text()


def sub_state(name: str) -> str:
    argv = ["systemctl", "show", "-p", "SubState", "--value", unit_name(name)]
    return subprocess.run(argv, check=True, text=True, capture_output=True).stdout.strip()


def test_start_leader_stop(manager, units):
    word = uuid.uuid4().hex
    names = [units.add("ec-a", BOOT.replace("booted", word)), units.add("ec-b")]
    assert [state.active for state in manager.states(names).values()] == [ActiveState.INACTIVE] * 2
    assert manager.leader("ec-a") is None

    assert manager.start(names) == ()
    states = manager.states([*names, "ec-none"])
    assert all(states[name].up and states[name].fragment == UNITS / unit_name(name) for name in names)
    assert not states["ec-none"].loaded
    leader = manager.leader("ec-a")
    assert leader is not None
    assert Path(f"/proc/{leader}/cmdline").read_bytes() == b"/bin/sh\0/init\0"
    wait_for(lambda: word in manager.journal("ec-a", 50))

    assert manager.stop([*names, "ec-none"]) == ()
    assert not Path(f"/proc/{leader}").exists()
    assert "ec-a" not in machines()
    assert all(state.at_rest for state in manager.states(names).values())
    assert manager.leader("ec-a") is None


def test_leader_of_a_machine_that_machined_does_not_know(manager, units):
    units.add("ec-hidden", register=False)
    assert manager.start(["ec-hidden"]) == ()
    leader = manager.leader("ec-hidden")
    assert leader is not None
    assert Path(f"/proc/{leader}/cmdline").read_bytes() == b"/bin/sh\0/init\0"
    assert "container@ec-hidden.service" in cgroup(leader)


def test_restart_again_and_again_meets_neither_machined_nor_the_start_limit(manager, units):
    units.add("ec-again")
    for _ in range(8):
        assert manager.start(["ec-again"]) == ()
        assert manager.stop(["ec-again"]) == ()
    assert manager.states(["ec-again"])["ec-again"].result == "success"


@pytest.fixture
def restarting(manager):
    """The manager, with the shortcut of restarts whatever the environment says: it is what is looked at."""
    manager._runner.environment.pop("EXTRA_CONTAINER_SHORTCUTS_OFF", None)


@pytest.mark.usefixtures("restarting")
def test_each_is_started_as_soon_as_it_has_stopped(manager, units):
    slow = "trap 'sleep 2; exit 0' TERM; " + BOOT.partition("; ")[2]
    names = [units.add("ec-slow", slow), units.add("ec-quick"), units.add("ec-down")]
    assert manager.start(names[:2]) == ()
    before = manager.leaders(names)
    began = time.monotonic()
    assert manager.restart(names) == (["ec-down"], ())
    after = manager.leaders(names)
    assert all(after[name] not in {None, before[name]} for name in names[:2])
    states = manager.states(names)
    assert states["ec-quick"].started - began < 2 <= states["ec-slow"].started - began
    assert machines().count("ec-quick") == machines().count("ec-slow") == 1


@pytest.mark.usefixtures("restarting")
def test_restarts_again_and_again_are_soon_over_or_left_to_a_stop_and_a_start(manager, units):
    units.add("ec-again")
    assert manager.start(["ec-again"]) == ()
    left = []
    for _ in range(8):
        more, failures = manager.restart(["ec-again"])
        assert failures == ()
        left += more
        assert manager.stop(more) == manager.start(more) == ()
    assert left, "systemd has a limit of starts"
    assert manager.states(["ec-again"])["ec-again"].up


@pytest.mark.usefixtures("restarting")
def test_a_restart_of_what_does_not_stop_or_does_not_boot_keeps_no_other_from_it(manager, units):
    names = [units.add("ec-stays", unit="RefuseManualStop=yes"), units.add("ec-good"), units.add("ec-bad")]
    assert manager.start(names) == ()
    before = manager.leaders(names)
    units.add("ec-bad", "echo these words; exit 3")
    left, failures = manager.restart(names)
    # systemd 262 begins no restart if one of them is refused.
    assert tuple(left) in {("ec-stays",), tuple(names)}
    if len(left) == 1:
        assert [failure.name for failure in failures] == ["ec-bad"]
        assert "these words" in failures[0].details
        assert manager.leader("ec-good") not in {None, before["ec-good"]}
    assert manager.leader("ec-stays") == before["ec-stays"]
    units.add("ec-stays")  # so that it can be ended


def test_what_a_killed_supervisor_left_does_not_end_in_a_failure(manager, units):
    units.add("ec-killed", service="KillSignal=SIGKILL")
    assert manager.start(["ec-killed"]) == ()
    left, failures = manager.restart(["ec-killed"])
    assert failures == ()
    assert manager.stop(left) == manager.start(left) == ()
    assert manager.states(["ec-killed"])["ec-killed"].up


def test_recreated_units_do_not_meet_the_start_limit(manager, units):
    for _ in range(8):
        units.add("ec-new")
        assert manager.start(["ec-new"]) == ()
        assert manager.kill(["ec-new"]) == ()


def test_failed_start_shows_the_lines_of_this_start_only(manager, units):
    units.add("ec-bad", "echo first words; exit 3")
    (first,) = manager.start(["ec-bad"])
    assert "first words" in first.details
    assert manager.stop(["ec-bad"]) == ()

    units.add("ec-bad", "echo second words; exit 3")
    units.add("ec-good")
    (second,) = manager.start(["ec-bad", "ec-good"])
    assert second.name == "ec-bad"
    assert second.message
    assert "second words" in second.details
    assert "first words" not in second.details
    assert manager.states(["ec-good"])["ec-good"].up


def test_crash_loop_ends_with_a_failure_and_forget_removes_its_trace(manager, units):
    units.add("ec-loop", "exit 3")
    assert [failure.name for failure in manager.start(["ec-loop"])] == ["ec-loop"]
    wait_for(lambda: sub_state("ec-loop") == "failed")
    assert [failure.name for failure in manager.start(["ec-loop"])] == ["ec-loop"]
    wait_for(lambda: sub_state("ec-loop") == "failed")
    manager.forget(["ec-loop", "ec-none"])
    assert manager.states(["ec-loop"])["ec-loop"].active is ActiveState.INACTIVE


def test_boot_that_never_ends_is_a_failure_that_names_the_limit(manager, units):
    units.add("ec-stuck", "trap 'exit 0' TERM; sleep 100 & wait $!", service="TimeoutStartSec=1\nRestart=no")
    (failure,) = manager.start(["ec-stuck"])
    assert "TimeoutStartSec" in failure.message


def test_masked_missing_and_broken_units_are_named(manager, units):
    units.link("ec-masked", Path("/dev/null"))
    broken = units.tmp / unit_name("ec-broken")
    broken.write_text("[Service]\nType=notify\n")
    units.link("ec-broken", broken)
    units.add("ec-good")
    names = ["ec-masked", "ec-good", "ec-none", "ec-broken"]
    failures = {failure.name: failure.message for failure in manager.start(names)}
    assert failures.keys() == {"ec-masked", "ec-none", "ec-broken"}
    assert "masked" in failures["ec-masked"]
    assert "does not know container@ec-none.service" in failures["ec-none"]
    assert f"cannot use its unit {UNITS}/container@ec-broken.service" in failures["ec-broken"]
    assert manager.states(["ec-good"])["ec-good"].up
    assert manager.stop(["ec-masked", "ec-none", "ec-good"]) == ()
    assert manager.states(["ec-good"])["ec-good"].at_rest
    assert manager.kill(["ec-masked", "ec-none"]) == ()


def test_failed_dependency_is_named(manager, units):
    units.add("ec-needs", unit="Requires=ec-absent.service\nAfter=ec-absent.service")
    (failure,) = manager.start(["ec-needs"])
    assert "ec-absent.service" in failure.message


def test_kill_does_not_wait_for_a_container_that_ignores_its_end(manager, units):
    units.add("ec-deaf", DEAF)
    assert manager.start(["ec-deaf"]) == ()
    leader = manager.leader("ec-deaf")
    began = time.monotonic()
    assert manager.kill(["ec-deaf", "ec-none"]) == ()
    assert time.monotonic() - began < 5
    assert not Path(f"/proc/{leader}").exists()
    assert "ec-deaf" not in machines()
    assert list(Path("/run/systemd/nspawn").glob("*/ec-deaf")) == []
    time.sleep(0.3)  # longer than RestartSec
    assert manager.states(["ec-deaf"])["ec-deaf"].at_rest


def test_start_after_the_supervisor_was_killed(manager, units):
    units.add("ec-orphan", service="Restart=no")
    assert manager.start(["ec-orphan"]) == ()
    subprocess.run(["systemctl", "kill", "-s", "KILL", unit_name("ec-orphan")], check=True)
    wait_for(lambda: manager.states(["ec-orphan"])["ec-orphan"].at_rest)
    wait_for(lambda: "ec-orphan" not in machines())
    assert manager.start(["ec-orphan"]) == ()
    assert manager.start(["ec-orphan"]) == ()
    assert manager.leader("ec-orphan") is not None


def test_kill_of_a_supervisor_that_does_not_end(manager, units):
    units.add("ec-frozen")
    assert manager.start(["ec-frozen"]) == ()
    argv = ["systemctl", "show", "-p", "MainPID", "--value", unit_name("ec-frozen")]
    supervisor = int(subprocess.run(argv, check=True, text=True, capture_output=True).stdout)
    os.kill(supervisor, signal.SIGSTOP)
    assert SystemdManager(Runner(), grace=0.5).kill(["ec-frozen"]) == ()
    assert not Path(f"/proc/{supervisor}").exists()
    assert not Path("/run/systemd/nspawn/unix-export/ec-frozen").exists()
    assert manager.start(["ec-frozen"]) == ()


def test_kill_lets_the_clean_up_of_a_stopping_unit_finish(manager, units, tmp_path):
    marker = tmp_path / "cleaned"
    units.add("ec-clean", service=f"ExecStopPost=/bin/sh -c 'sleep 1; touch {marker}'")
    assert manager.start(["ec-clean"]) == ()
    subprocess.run(["systemctl", "stop", "--no-block", unit_name("ec-clean")], check=True)
    wait_for(lambda: sub_state("ec-clean") == "stop-post")
    assert manager.kill(["ec-clean"]) == ()
    assert marker.exists()


def test_kill_cancels_a_queued_start(manager, units):
    slow = UNITS / "ec-slow.service"
    slow.write_text("[Service]\nType=oneshot\nExecStart=sleep 60\n")
    units.add("ec-queued", unit="Requires=ec-slow.service\nAfter=ec-slow.service")
    try:
        subprocess.run(["systemctl", "start", "--no-block", unit_name("ec-queued")], check=True)
        assert manager.states(["ec-queued"])["ec-queued"].active is ActiveState.INACTIVE
        assert manager.kill(["ec-queued"]) == ()
        jobs = subprocess.run(["systemctl", "list-jobs", "--no-legend"], check=True, text=True, capture_output=True)
        assert "ec-queued" not in jobs.stdout
    finally:
        subprocess.run(["systemctl", "kill", "-s", "KILL", "ec-slow.service"], check=True)
        slow.unlink()


def test_stop_during_the_boot(manager, units):
    word = uuid.uuid4().hex  # the journal may hold older runs
    units.add("ec-boot", SLOW.replace("booting", word))
    subprocess.run(["systemctl", "start", "--no-block", unit_name("ec-boot")], check=True)
    wait_for(lambda: word in manager.journal("ec-boot", 50))
    assert manager.leader("ec-boot") is not None
    assert manager.states(["ec-boot"])["ec-boot"].active is ActiveState.ACTIVATING
    assert manager.stop(["ec-boot"]) == ()
    assert "ec-boot" not in machines()


def test_interrupted_start_goes_on_in_systemd(manager, units):
    units.add("ec-slow", SLOW)
    timer = threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        manager.start(["ec-slow"])
    assert manager.states(["ec-slow"])["ec-slow"].active is ActiveState.ACTIVATING
    assert manager.leader("ec-slow") is not None
    wait_for(lambda: manager.states(["ec-slow"])["ec-slow"].up)


def test_machine_of_somebody_else_is_left_alone(manager, units):
    units.add("ec-other")
    foreign = UNITS / "ec-foreign.service"
    text = (UNITS / unit_name("ec-other")).read_text()
    foreign.write_text(text.replace("-M %i", "-M ec-other").replace("%i", "other"))
    manager.reload()
    subprocess.run(["systemctl", "start", "ec-foreign.service"], check=True)
    try:
        assert "ec-other" in machines()
        assert manager.leader("ec-other") is None
        began = time.monotonic()
        assert manager.stop(["ec-other"]) == ()
        assert time.monotonic() - began < 5
        assert "ec-other" in machines()
    finally:
        subprocess.run(["systemctl", "stop", "ec-foreign.service"], check=True)
        foreign.unlink()
        manager.reload()


def test_login_argv_is_a_program_of_the_host(manager):
    program, *rest = manager.login_argv("ec-a")
    assert os.access(program, os.X_OK)
    assert rest == ["login", "--", "ec-a"]


def plan(*names: str) -> InstallPlan:
    return InstallPlan(
        items=tuple(
            InstallItem(
                container=BuiltContainer(
                    name=name,
                    unit=Path("/nix/store/x") / unit_name(name),
                    conf=Path("/nix/store/x.conf"),
                    unit_text="",
                    conf_text="",
                    conf_directory=Path("/etc/nixos-containers"),
                    root=Path("/var/lib/nixos-containers") / name,
                    settings=MappingProxyType({}),
                ),
                change=Change.NEW,
            )
            for name in names
        )
    )


def test_fragments(manager, units, tmp_path):
    units.add("ec-a")
    units.add("ec-b")
    units.link("ec-masked", Path("/dev/null"))
    here = Host(name="test", manager=manager, unit_directory=UNITS)
    assert fragment_problems(plan("ec-a", "ec-b", "ec-masked"), here, hint="h") == ()

    elsewhere = Path("/etc/systemd/system") / unit_name("ec-b")
    elsewhere.write_text("[Service]\nExecStart=true\n")
    manager.reload()
    try:
        (shadowed,) = fragment_problems(plan("ec-a", "ec-b"), here, hint="h")
    finally:
        elsewhere.unlink()
        manager.reload()
    assert str(elsewhere) in shadowed.message

    (unread,) = fragment_problems(plan("ec-none", "ec-x"), here, hint="h")
    assert "ec-none, ec-x" in unread.message
    assert unread.hint == "h"
