"""What SystemdManager asks the tools of a systemd host, and what it makes of recorded answers."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from extra_container import proc
from extra_container.model.errors import HostError, ProcessError
from extra_container.model.host import ActiveState
from extra_container.process import Completed, Runner
from extra_container.systemd.machined import parse_machines
from extra_container.systemd.manager import SystemdManager
from extra_container.systemd.nspawn import Nspawn
from extra_container.systemd.systemctl import parse_show
from extra_container.systemd.window import Window
from extra_container.testing import FakeRunner

# Recorded with systemd 257.
ACTIVE = """\
MainPID=41
Result=success
Id=container@{0}.service
LoadState=loaded
ActiveState=active
SubState=running
FragmentPath=/usr/lib/systemd/system/container@{0}.service
Job=
InactiveExitTimestampMonotonic=98123456789
"""
INACTIVE = """\
MainPID=0
Result=success
Id=container@{0}.service
LoadState=loaded
ActiveState=inactive
SubState=dead
FragmentPath=/usr/lib/systemd/system/container@{0}.service
Job=
InactiveExitTimestampMonotonic=0
"""
UNKNOWN = """\
MainPID=0
Result=success
Id=container@{0}.service
LoadState=not-found
ActiveState=inactive
SubState=dead
FragmentPath=
Job=
InactiveExitTimestampMonotonic=0
"""
MASKED = UNKNOWN.replace("not-found", "masked").replace(
    "Path=\n", "Path=/usr/lib/systemd/system/container@{0}.service\n"
)
REFUSED = INACTIVE.replace("=inactive", "=failed").replace("=dead", "=failed").replace("=success", "=signal")
STOP_POST = ACTIVE.replace("=active", "=deactivating").replace("=running", "=stop-post").replace("PID=41", "PID=0")
STOPPING = ACTIVE.replace("=active", "=deactivating").replace("=running", "=stop-sigterm")
QUEUED = INACTIVE.replace("Job=", "Job=4711")


def machines(*names: str) -> str:
    rows = [[".host", "host", "", "/org/freedesktop/machine1/machine/_2ehost"]]
    rows += [[name, "container", "systemd-nspawn", f"/org/freedesktop/machine1/machine/{name}"] for name in names]
    return json.dumps({"type": "a(ssso)", "data": [rows]})


def units(*names: str) -> list[str]:
    return ["--", *(f"container@{name}.service" for name in names)]


Answer = tuple[int, str, str]


class TurnRunner(FakeRunner):
    """A runner whose ``answers`` give, by the first words of a call, its code, stdout and stderr in turn."""

    def __init__(self, answers: dict[str, list[Answer | ProcessError]], missing: tuple[str, ...] = ()) -> None:
        super().__init__(missing=missing)
        self.answers = answers

    def run(self, argv, *, check=True, stdin=None, environment=None, timeout=None) -> Completed:
        self.calls.append(list(argv))
        line = " ".join(argv)
        key = max((key for key in self.answers if line.startswith(key)), key=len, default=None)
        queue = self.answers[key] if key else [(0, "", "")]
        answer = queue.pop(0) if len(queue) > 1 else queue[0]
        if isinstance(answer, ProcessError):
            raise answer
        code, out, err = answer
        if check and code:
            raise ProcessError(err, returncode=code, stderr=err)
        return Completed(argv=tuple(argv), returncode=code, stdout=out, stderr=err)

    def verbs(self) -> list[str]:
        return [" ".join(call[:2]) if call[0] != "busctl" else "busctl" for call in self.calls]


def shown(*blocks: str) -> Answer:
    return (0, "\n".join(blocks), "")


@pytest.fixture
def make(tmp_path) -> Callable[..., tuple[SystemdManager, TurnRunner]]:
    def make(answers=None, missing=()):
        runner = TurnRunner({"busctl": [(0, machines(), "")], **(answers or {})}, missing)
        (tmp_path / "proc").mkdir(exist_ok=True)
        nspawn = Nspawn(runner, processes=tmp_path / "proc", runtime=tmp_path / "run")
        return SystemdManager(runner, nspawn=nspawn, patience=0.2, grace=1, kill_patience=1), runner

    return make


def test_parse_show():
    facts = parse_show(["a", "b", "c", "d"], "\n".join([ACTIVE, UNKNOWN, MASKED, QUEUED]).format("a"))
    assert facts["a"].state.up
    assert facts["a"].state.fragment == Path("/usr/lib/systemd/system/container@a.service")
    assert (facts["a"].main_pid, facts["a"].state.started) == (41, 98123.456789)
    assert (facts["b"].state.loaded, facts["b"].state.fragment, facts["b"].load) == (False, None, "not-found")
    assert (facts["c"].state.loaded, facts["c"].load) == (True, "masked")
    assert facts["d"].state.at_rest
    assert not facts["d"].at_rest


def test_parse_show_of_too_few_units():
    with pytest.raises(HostError, match="described 1 units when asked for 2"):
        parse_show(["a", "b"], ACTIVE)


def test_parse_machines():
    assert parse_machines(machines("demo", "x")) == {".host", "demo", "x"}


def test_states_come_from_one_call(make):
    manager, runner = make({"systemctl show": [shown(ACTIVE, REFUSED)]})
    states = manager.states(["a", "b", "a"])
    assert (states["a"].active, states["b"].active, states["b"].result) == (
        ActiveState.ACTIVE,
        ActiveState.FAILED,
        "signal",
    )
    (call,) = runner.calls
    assert call[-3:] == units("a", "b")


def test_nothing_is_asked_about_no_names(make):
    manager, runner = make()
    assert manager.states([]) == {}
    assert manager.start([]) == manager.stop([]) == manager.kill([]) == ()
    manager.forget([])
    assert runner.calls == []


def test_start_that_succeeds_is_one_call_and_a_look(make):
    manager, runner = make({"systemctl show": [shown(ACTIVE, ACTIVE)]})
    assert manager.start(["a", "b"]) == ()
    assert runner.calls[0] == ["systemctl", "start", *units("a", "b")]
    assert runner.verbs() == ["systemctl start", "systemctl show"]


def test_start_that_systemd_refused_as_too_frequent_is_tried_once_more(make):
    manager, runner = make(
        {
            "systemctl start": [(1, "", "Job for container@b.service failed.\n"), (0, "", "")],
            "systemctl show": [shown(ACTIVE, REFUSED), shown(ACTIVE, ACTIVE)],
        }
    )
    assert manager.start(["a", "b"]) == ()
    assert runner.calls[2:4] == [
        ["systemctl", "reset-failed", *units("b")],
        ["systemctl", "start", "--no-block", *units("b")],
    ]


def test_a_unit_that_cannot_be_started_does_not_keep_others_from_it(make):
    complaint = "Failed to start container@b.service: Unit container@b.service is masked.\n"
    manager, runner = make(
        {
            "systemctl start": [
                (1, "", "Failed to enqueue jobs: Unit container@b.service is masked.\n"),
                (0, "", ""),
                (1, "", complaint),
                (0, "", ""),
            ],
            "systemctl show": [shown(INACTIVE, MASKED), shown(ACTIVE, MASKED)],
        }
    )
    (failure,) = manager.start(["a", "b"])
    assert failure.name == "b"
    assert "masked" in failure.message
    assert [call for call in runner.calls if call[1] == "start"] == [
        ["systemctl", "start", *units("a", "b")],
        ["systemctl", "start", "--no-block", *units("a")],
        ["systemctl", "start", "--no-block", *units("b")],
        ["systemctl", "start", *units("a")],
    ]


def test_start_that_was_tried_and_failed_is_not_repeated(make):
    tried = REFUSED.replace("Monotonic=0", "Monotonic=99999999999999999")
    manager, runner = make(
        {
            "systemctl start": [(1, "", "Job for container@a.service failed.\n")],
            "systemctl show": [shown(tried)],
            "journalctl -q": [(0, "first\nlast\n", "")],
        }
    )
    (failure,) = manager.start(["a"])
    assert failure.message == "its unit failed with result signal"
    assert failure.details == ("first", "last")
    assert runner.verbs() == ["systemctl start", "systemctl show", "journalctl --sync", "journalctl -q"]
    assert any(option.startswith("--since=@") for option in runner.calls[-1])


@pytest.mark.parametrize(
    ("block", "said", "message"),
    [
        (MASKED, "", "its unit is masked (enable = false in its definition makes it so)"),
        (UNKNOWN, "", "systemd does not know container@a.service"),
        (
            MASKED.replace("masked", "bad-setting"),
            "",
            "systemd cannot use its unit /usr/lib/systemd/system/container@a.service",
        ),
        (
            INACTIVE,
            "A dependency job for container@a.service failed. See 'journalctl -xe' for details.\n",
            "A dependency job for container@a.service failed. See 'journalctl -xe' for details.",
        ),
        (INACTIVE, "", "its unit is inactive"),
        (
            INACTIVE.replace("Result=success", "Result=timeout"),
            "",
            "it did not boot within the time that its unit allows (TimeoutStartSec)",
        ),
    ],
)
def test_reasons_of_failed_starts(make, block, said, message):
    manager, _ = make({"systemctl start": [(1, "", said)], "systemctl show": [shown(block.format("a"))]})
    (failure,) = manager.start(["a"])
    assert failure.message == message


def test_failure_is_reported_even_if_the_journal_is_not_there(make):
    lost = ProcessError("journalctl failed", returncode=1, stderr="")
    manager, _ = make(
        {"systemctl start": [(1, "", "")], "systemctl show": [shown(UNKNOWN)], "journalctl --sync": [lost]}
    )
    (failure,) = manager.start(["a"])
    assert failure.details == ("journalctl failed",)


def test_stop_waits_until_machined_has_forgotten_and_ends_the_machine_on_the_way(make):
    manager, runner = make(
        {
            "busctl": [(0, machines("a"), ""), (0, machines("a"), ""), (0, machines(), "")],
            "machinectl show": [(0, "container@a.service\n", "")],
        }
    )
    assert manager.stop(["a", "b"]) == ()
    assert runner.verbs() == [
        "systemctl stop",
        "busctl",
        "machinectl show",
        "machinectl terminate",
        "busctl",
        "busctl",
    ]


def test_stop_fails_if_machined_never_forgets(make):
    manager, _ = make(
        {"busctl": [(0, machines("a"), "")], "machinectl show": [(1, "", "Could not get path: No machine 'a' known")]}
    )
    (failure,) = manager.stop(["a", "b"])
    assert failure.message == "systemd-machined still knows its machine"


def test_stop_leaves_a_machine_of_somebody_else_alone(make):
    manager, runner = make({"busctl": [(0, machines("a"), "")], "machinectl show": [(0, "machine-a.scope\n", "")]})
    assert manager.stop(["a"]) == ()
    assert "machinectl terminate" not in runner.verbs()


def test_stop_of_units_that_are_not_loaded_is_done(make):
    manager, runner = make(
        {
            "systemctl stop": [(5, "", "Failed to stop container@a.service: Unit container@a.service not loaded.\n")],
            "systemctl show": [shown(UNKNOWN)],
        },
        missing=("machinectl",),
    )
    assert manager.stop(["a"]) == ()
    assert runner.verbs() == ["systemctl stop", "systemctl show"]


def test_a_unit_that_is_not_loaded_does_not_keep_others_from_being_stopped(make):
    manager, runner = make(
        {
            "systemctl stop": [(5, "", "Failed to enqueue jobs: Unit container@b.service not loaded.\n"), (0, "", "")],
            "systemctl show": [shown(ACTIVE, UNKNOWN)],
        },
        missing=("machinectl",),
    )
    assert manager.stop(["a", "b"]) == ()
    assert [call for call in runner.calls if call[1] == "stop"] == [
        ["systemctl", "stop", *units("a", "b")],
        ["systemctl", "stop", *units("a")],
    ]


def test_stop_that_leaves_a_unit_running_is_a_failure(make):
    manager, _ = make({"systemctl stop": [(1, "", "refused")], "systemctl show": [shown(STOPPING, INACTIVE)]})
    (failure,) = manager.stop(["a", "b"])
    assert failure.message == "its unit is still deactivating"


def test_kill_of_containers_with_a_first_process_asks_for_nothing(make, processes, monkeypatch):
    killed = []
    monkeypatch.setattr(proc, "signal_if", lambda pid, number, condition: killed.append((pid, number, condition(pid))))
    supervised(processes, "a", 41)
    manager, runner = make({"systemctl show": [shown(INACTIVE)]})
    assert manager.kill(["a"]) == ()
    assert killed == [(42, signal.SIGKILL, True)]
    assert [verb for verb in runner.verbs() if "show" in verb] == []
    assert runner.calls[0][:3] == ["systemctl", "stop", "--no-block"]


def test_kill_of_what_does_not_run_stops_nothing(make):
    manager, runner = make({"systemctl show": [shown(INACTIVE, UNKNOWN)]})
    assert manager.kill(["a", "b"]) == ()
    assert runner.verbs() == ["systemctl show", "busctl"]


def test_kill_asks_for_the_stop_first_and_kills_only_what_does_not_end(make):
    slow = ProcessError("did not end", returncode=-9, stderr="")
    manager, runner = make(
        {
            "systemctl show": [shown(QUEUED, STOPPING, STOP_POST), shown(INACTIVE, STOPPING, STOP_POST)],
            "systemctl stop": [(0, "", ""), slow, (0, "", "")],
        }
    )
    assert manager.kill(["a", "b", "c"]) == ()
    assert runner.calls[1] == ["systemctl", "stop", "--no-block", *units("a", "b", "c")]
    assert runner.calls[2] == ["systemctl", "stop", *units("a", "b", "c")]
    assert runner.calls[4] == ["systemctl", "kill", "-s", "KILL", *units("b")]
    assert runner.calls[5] == ["systemctl", "stop", *units("b", "c")]


@pytest.mark.parametrize(("up_since", "signalled"), [(0, True), (98123456790, False)])
def test_only_what_was_stopped_in_the_middle_of_its_boot_is_told_again(make, tmp_path, up_since, signalled):
    told = shown(f"{STOPPING}ActiveEnterTimestampMonotonic={up_since}\n".format("a"))
    late = ProcessError("it did not end within 1 s", returncode=None, stderr="")
    manager, _ = make({"systemctl stop": [late, (0, "", "")], "systemctl show": [told]}, missing=("machinectl",))
    with subprocess.Popen(["sleep", "1000"]) as init:
        try:
            payload = "0::/machine.slice/container@a.service/payload\n"
            process(tmp_path / "proc", 41, cgroup=payload, spaces="41", children=f"{init.pid} ")
            process(tmp_path / "proc", init.pid, cgroup=payload, spaces=f"{init.pid}\t1")
            assert manager.stop(["a"]) == ()
            if signalled:
                assert init.wait(10) == -(signal.SIGRTMIN + 3)
            else:
                assert init.poll() is None
        finally:
            init.kill()


def test_forget_ignores_units_that_are_not_loaded_only(make):
    gone = "Failed to reset failed state of unit container@a.service: Unit container@a.service not loaded.\n"
    manager, _ = make({"systemctl reset-failed": [(1, "", gone), (1, "", gone + "Access denied\n"), (1, "", "")]})
    manager.forget(["a"])
    with pytest.raises(ProcessError, match="Access denied"):
        manager.forget(["a"])
    with pytest.raises(ProcessError):
        manager.forget(["a"])


def test_login_without_machinectl_names_the_package(make):
    manager, _ = make(missing=("machinectl",))
    with pytest.raises(HostError) as caught:
        manager.login_argv("a")
    assert "systemd-container" in str(caught.value.hint)


def supervised(proc: Path, name: str, supervisor: int, *, program: str = "systemd-nspawn") -> None:
    """Make the supervisor of a container, and the container's PID 1 after it, with a child and a namespace in it."""
    cgroup = f"0::/machine.slice/container@{name}.service/"
    process(proc, supervisor, cgroup=f"{cgroup}supervisor\n", spaces=f"{supervisor}", parent=1, name=program)
    init, child, nested = supervisor + 1, supervisor + 2, supervisor + 3
    process(proc, init, cgroup=f"{cgroup}payload/init.scope\n", spaces=f"{init}\t1", parent=supervisor, space=f"{init}")
    process(proc, child, cgroup=f"{cgroup}payload/x\n", spaces=f"{child}\t2", parent=init, space=f"{init}")
    process(proc, nested, cgroup=f"{cgroup}payload/x\n", spaces=f"{nested}\t3\t1", parent=child, space=f"{nested}")


def process(
    proc: Path,
    pid: int,
    *,
    cgroup: str,
    spaces: str,
    children: str = "",
    parent: int = 0,
    name: str = "x",
    space: str = "host",
) -> None:
    (proc / str(pid) / "task" / str(pid)).mkdir(parents=True)
    (proc / str(pid) / "task" / str(pid) / "children").write_text(children)
    (proc / str(pid) / "ns").mkdir()
    (proc / str(pid) / "ns/pid").symlink_to(f"pid:[{space}]")
    (proc / str(pid) / "comm").write_text(f"{name}\n")
    (proc / str(pid) / "stat").write_text(f"{pid} ({name}) S {parent} 0 0 0\n")
    (proc / str(pid) / "cgroup").write_text(cgroup)
    (proc / str(pid) / "status").write_text(f"Name:\tx\nNSpid:\t{spaces}\nThreads:\t1\n")


@pytest.fixture
def processes(tmp_path):
    processes = tmp_path / "proc"
    process(processes, os.getpid(), cgroup="0::/\n", spaces=f"{os.getpid()}")
    return processes


def test_a_start_that_worked_needs_no_look_if_every_container_has_a_first_process(make, processes):
    supervised(processes, "a", 41)
    supervised(processes, "b", 51)
    manager, runner = make()
    assert manager.start(["a", "b"]) == ()
    assert runner.verbs() == ["systemctl start"]


@pytest.mark.parametrize(("words", "code"), [(["a", "b"], 0), (["a"], 1)])
def test_systemd_is_asked_if_one_has_none_or_systemctl_complained(make, processes, words, code):
    supervised(processes, "a", 41)
    blocks = [ACTIVE, INACTIVE][: len(words)]
    manager, runner = make({"systemctl start": [(code, "", "")] * 2, "systemctl show": [shown(*blocks)] * 2})
    assert [failure.name for failure in manager.start(words)] == words[1:]
    assert runner.verbs()[:2] == ["systemctl start", "systemctl show"]


LISTED = "container@{0}.service {1} running Container '{0}'\n"


def listed(**states):
    return (0, "".join(LISTED.format(name, state) for name, state in states.items()), "")


def test_whether_containers_are_up_takes_no_more_than_a_list_of_units(make, processes):
    for name, supervisor in (("a", 41), ("b", 51), ("c", 61)):
        supervised(processes, name, supervisor)
    manager, runner = make({"systemctl list-units": [listed(a="loaded active", b="loaded active")]})
    assert {name: state.up for name, state in manager.glance(["a", "b"]).items()} == {"a": True, "b": True}
    assert runner.verbs() == ["systemctl list-units"]


@pytest.mark.parametrize(
    ("names", "states"),
    [
        (["a", "d"], {"a": "loaded active", "d": "loaded active"}),
        (["a", "b"], {"a": "loaded active", "b": "loaded deactivating"}),
        (["a", "b"], {"a": "loaded active"}),
        (["a", "b"], {"a": "loaded active", "b": "not-found active"}),
    ],
    ids=["without a first process", "ending", "unknown", "without a file"],
)
def test_systemd_is_asked_for_all_of_them_if_one_may_not_be_up(make, processes, names, states):
    supervised(processes, "a", 41)
    supervised(processes, "b", 51)
    manager, _ = make(
        {"systemctl list-units": [listed(**states)], "systemctl show": [shown(ACTIVE.format("a"), STOPPING)]}
    )
    found = manager.glance(names)
    assert found["a"].fragment is not None
    assert not found[names[1]].up


def test_leaders_are_found_among_the_processes(make, processes):
    supervised(processes, "a", 41)
    supervised(processes, "b", 51)
    manager, runner = make()
    assert manager.leaders(["b", "a"]) == {"a": 42, "b": 52}
    assert runner.calls == []
    runner.environment["EXTRA_CONTAINER_SHORTCUTS_OFF"] = "processes"
    runner.answers["systemctl show"] = [shown(ACTIVE)]
    assert manager.leader("a") is None
    assert runner.verbs()[0] == "systemctl show"


def started_by_systemd(proc: Path, *services: int) -> None:
    """Let the kernel tell children: those of systemd, and each supervisor's container with what is in it."""
    process(proc, 1, cgroup="0::/init.scope\n", spaces="1", children=" ".join(map(str, services)))
    for pid in services:
        for parent in (pid, pid + 1, pid + 2):
            (proc / f"{parent}/task/{parent}/children").write_text(f"{parent + 1} ")


def test_to_find_leaders_neither_other_services_nor_what_is_in_containers_is_looked_at(make, processes, monkeypatch):
    for name, supervisor in (("a", 41), ("b", 51), ("c", 61)):
        supervised(processes, name, supervisor)
    started_by_systemd(processes, 41, 51, 61)
    looked, look = [], proc.pid_namespace
    monkeypatch.setattr(proc, "pid_namespace", lambda pid, **options: looked.append(pid) or look(pid, **options))
    manager, runner = make()
    assert manager.leaders(["b", "a"]) == {"a": 42, "b": 52}
    assert runner.calls == []
    assert set(looked) == {os.getpid(), 42, 52}


def test_leaders_are_found_also_below_what_starts_a_supervisor(make, processes):
    supervised(processes, "a", 41)
    started_by_systemd(processes, 41)
    unit = "0::/machine.slice/container@a.service/supervisor\n"
    process(processes, 40, cgroup=unit, spaces="40", children="41 ", parent=1, name="sh")
    (processes / "1/task/1/children").write_text("40 ")
    manager, runner = make()
    assert manager.leaders(["a"]) == {"a": 42}
    assert runner.calls == []


def test_systemd_is_asked_for_the_leader_if_a_supervisor_is_another_program_or_there_are_two(make, processes):
    supervised(processes, "a", 41, program="unshare")
    supervised(processes, "b", 51)
    supervised(processes, "b", 61)
    manager, runner = make({"systemctl show": [shown(ACTIVE, ACTIVE)]})
    assert manager.leaders(["a", "b"]) == {"a": None, "b": None}
    assert runner.calls[0][-2:] == units("a", "b")[1:]


def test_leader_is_the_supervisors_child_with_pid_1_in_the_unit(tmp_path):
    unit = "container@a.service"
    own = f"4:memory:/other\n1:name=systemd:/machine.slice/{unit}/payload\n0::/machine.slice/{unit}/payload\n"
    process(tmp_path, 41, cgroup=own, spaces="41", children="42 43 44 ")
    process(tmp_path, 42, cgroup=own, spaces="42")
    process(tmp_path, 43, cgroup="0::/machine.slice/container@a.service.d/x\n", spaces="43\t1")
    process(tmp_path, 44, cgroup=own, spaces="44\t1")
    nspawn = Nspawn(Runner(environment={}, trusted=()), processes=tmp_path)
    assert nspawn.leader(41, unit) == 44
    assert nspawn.leader(0, unit) is None
    assert nspawn.runs_in(43, unit) is False
    assert nspawn.runs_in(99, unit) is False


@pytest.mark.parametrize(
    ("state", "lines", "since"),
    [
        ("active", "ActiveEnterTimestamp=Thu 2026-11-26 06:19:07 UTC\nStateChangeTimestamp=x", 1795673947.0),
        ("reloading", "ActiveEnterTimestamp=Thu 2026-11-26 06:19:07 UTC", 1795673947.0),
        ("failed", "ActiveEnterTimestamp=x\nInactiveEnterTimestamp=Thu 1970-01-01 00:00:01 UTC", 1.0),
        ("inactive", "InactiveEnterTimestamp=", None),
        ("inactive", "InactiveEnterTimestamp=n/a", None),
        ("activating", "StateChangeTimestamp=Thu 1970-01-01 00:01:00 UTC", 60.0),
        ("activating", "", None),
    ],
)
def test_since_when(state, lines, since):
    block = INACTIVE.format("a").replace("=inactive", f"={state}") + lines
    details = parse_show(["a"], f"{block.rstrip()}\nNRestarts=3\n")["a"].details(12)
    assert (details.since, details.leader, details.restarts) == (since, 12, 3)


def test_units_that_systemd_does_not_hold_are_not_read_to_describe_them():
    held = "container@b.service loaded failed failed x\n"
    runner = FakeRunner({"systemctl list-units": held, "systemctl show": REFUSED.format("b")})
    described = SystemdManager(runner, at_once=1).describe(["a", "b"])
    assert [one.state.active for one in described.values()] == [ActiveState.INACTIVE, ActiveState.FAILED]
    assert [call[1] for call in runner.calls] == ["list-units", "show"]
    assert runner.calls[1][-1] == "container@b.service"
    assert list(SystemdManager(FakeRunner(), at_once=1).describe([])) == []


@pytest.fixture
def restartable(make, processes):
    """Give a manager of running containers, whose first process is another one after a restart."""

    def restartable(*names, answers=None, again=None):
        pids = dict(zip(names, range(100, 1000, 10), strict=False))
        for name, pid in pids.items():
            supervised(processes, name, pid)
        manager, runner = make(answers)
        answer = runner.run

        def run(argv, **options):
            if argv[:2] == ["systemctl", "restart"]:
                for name in names if again is None else again:
                    if f"container@{name}.service" not in argv:
                        continue
                    shutil.rmtree(processes / str(pids[name] + 1))
                    supervised(processes, name, pids[name] + 1000)
            return answer(argv, **options)

        runner.run = run
        return manager, runner

    return restartable


def just_started(block, name):
    later = int((time.monotonic() + 1000) * 1e6)
    return re.sub(r"(?<=InactiveExitTimestampMonotonic=)\d+", str(later), block.format(name))


def test_a_restart_is_one_call(restartable):
    manager, runner = restartable("a", "b")
    assert manager.restart(["a", "b"]) == ([], ())
    assert runner.calls == [["systemctl", "restart", *units("a", "b")]]


def test_what_does_not_run_is_left_to_whoever_asked(restartable):
    manager, runner = restartable("a")
    assert manager.restart(["c", "a"]) == (["c"], ())
    assert runner.calls == [["systemctl", "restart", *units("a")]]


def test_what_refused_to_stop_is_left_and_keeps_no_other_from_its_restart(restartable):
    shows = shown(ACTIVE.format("a").replace("98123456789", "1"), just_started(ACTIVE, "b"))
    refusal = (1, "", "Failed to restart container@a.service: Operation refused\n")
    manager, _ = restartable("a", "b", answers={"systemctl restart": [refusal], "systemctl show": [shows]}, again=["b"])
    assert manager.restart(["a", "b"]) == (("a",), ())


def test_a_restarted_container_that_does_not_boot_is_a_failure_and_not_started_again(restartable):
    shows = shown(just_started(REFUSED, "a"))
    lines = (0, "it is broken\n", "")
    answers = {"systemctl restart": [(1, "", "")], "systemctl show": [shows], "journalctl": [lines]}
    manager, runner = restartable("a", answers=answers, again=[])
    left, (failure,) = manager.restart(["a"])
    assert left == ()
    assert (failure.name, failure.details) == ("a", ("it is broken",))
    assert "systemctl start" not in runner.verbs()


@pytest.mark.parametrize(
    "line", ["Failed to register machine: Machine 'a' already exists", "Mount point '/run/x' exists already, refusing."]
)
def test_a_restart_that_met_its_last_run_is_left_to_a_stop_and_a_start(restartable, line):
    answers = {
        "systemctl restart": [(1, "", "")],
        "systemctl show": [shown(just_started(REFUSED, "a"))],
        "journalctl": [(0, f"{line}\n", "")],
    }
    manager, runner = restartable("a", answers=answers, again=[])
    assert manager.restart(["a"]) == (("a",), ())
    assert "journalctl -q" in runner.verbs()


def test_restarts_that_take_long_are_looked_at_and_waited_for(restartable):
    late = ProcessError("it did not end within 10 s", returncode=-9, stderr="")
    waiting = ACTIVE.format("a").replace("Job=", "Job=12").replace("=active", "=activating")
    answers = {
        "systemctl restart": [late],
        "systemctl show": [shown(waiting), shown(just_started(ACTIVE, "a")), shown(just_started(ACTIVE, "a"))],
    }
    manager, runner = restartable("a", answers=answers)
    assert manager.restart(["a"]) == ((), ())
    assert runner.verbs() == [f"systemctl {verb}" for verb in ("restart", "show", "start", "show", "show")]


def test_many_are_restarted_in_turn(restartable, monkeypatch):
    names = [f"c{number}" for number in range(4)]
    manager, runner = restartable(*names)
    monkeypatch.setattr(manager, "_window", Window(manager._systemctl, 2))
    answer = runner.run

    def run(argv, **options):
        if argv[:2] == ["systemctl", "show"]:
            wanted = [word.split("@")[1].removesuffix(".service") for word in argv if "@" in word]
            runner.answers["systemctl show"] = [shown(*(just_started(ACTIVE, name) for name in wanted))]
        return answer(argv, **options)

    runner.run = run
    assert manager.restart(names) == ((), ())
    asked = [call[3:] for call in runner.calls if call[:3] == ["systemctl", "restart", "--no-block"]]
    assert asked == [units("c0", "c1"), units("c2", "c3")]


def test_nothing_is_restarted_in_one_go_if_that_shortcut_is_turned_off(restartable):
    manager, runner = restartable("a")
    runner.environment["EXTRA_CONTAINER_SHORTCUTS_OFF"] = "restart"
    assert manager.restart(["a"]) == (["a"], ())
    assert runner.calls == []
