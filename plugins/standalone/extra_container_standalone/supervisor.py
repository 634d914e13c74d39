"""The process that stands beside a running container: it starts it, waits for it and cleans up after it.

It is detached from the program that started it and is told what to do by signals: SIGTERM shuts the container down,
SIGUSR1 kills it. What it knows stands in the container's record.
"""

from __future__ import annotations

import fcntl
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from extra_container.plugin import ActiveState, ExtraContainerError, proc, read_text_file
from extra_container_standalone.cgroup import Cgroup
from extra_container_standalone.places import Places
from extra_container_standalone.record import Record, read_record, write_record
from extra_container_standalone.run import SUCCESS, Outcome, Run
from extra_container_standalone.unit.service import load_service
from extra_container_standalone.unit.unit_file import UnitFileError
from extra_container_standalone.watch import KILL_SIGNAL, STOP_SIGNAL, Watch, Wish

_PR_SET_NAME = 15
_PR_SET_CHILD_SUBREAPER = 36
STARTER = 3
_BUSY_SECONDS = 10.0
_STEP = 0.02
_FAILURES = (OSError, UnicodeDecodeError, UnitFileError, ExtraContainerError)


class Supervisor:
    """Looks after one container until it is at rest. ``starter`` is a descriptor to close when the container is up."""

    def __init__(self, name: str, places: Places, *, output: int, starter: int) -> None:
        self._name = name
        self._places = places
        self._output = output
        self._starter: int | None = starter
        self._watch = Watch(places.directory(name))
        self._record = self._new_record()

    def supervise(self) -> None:
        """Start the container and stay with it until it has ended; start it again when it reboots."""
        while self._one_run():
            self._record = self._new_record()

    def recover(self) -> None:
        """Shut down and clean up what a supervisor that died left behind."""
        old = read_record(self._places.record(self._name))
        if old is None:
            return
        try:
            run = self._prepare()
        except _FAILURES as error:
            self._rest(Outcome(result="resources", message=str(error)))
            return
        run.adopt(old.main)
        try:
            run.end(started=old.active is ActiveState.ACTIVE, at_once=self._watch.wish is Wish.KILL)
        except _FAILURES as error:
            run.say(str(error))
        else:
            self._rest(SUCCESS)

    def _one_run(self) -> bool:
        """Run the container once; return whether it wants to be started again."""
        try:
            # The run ends by the unit that it began with, even if another one is installed by then, or none.
            unit = read_text_file(self._places.unit(self._name))
            self._places.started_unit(self._name).write_text(unit, encoding="utf-8")
            run = self._prepare()
        except _FAILURES as error:
            self._rest(Outcome(result="resources", message=str(error)))
            return False
        outcome = self._start(run)
        started = outcome == SUCCESS
        if not started:
            self._record = replace(self._record, failed_at=os.fstat(self._output).st_size)
        else:
            self._write(ActiveState.ACTIVE)
            self._release_starter()
            run.wait()
        return self._end(run, outcome, started=started)

    def _prepare(self) -> Run:
        service = load_service(self._name, self._places.started_unit(self._name), self._places)
        self._record = replace(self._record, stop_timeout=service.stop_timeout)
        return Run(service, Cgroup.of(self._name), self._watch, self._output)

    def _start(self, run: Run) -> Outcome:
        def changed() -> None:
            self._record = replace(self._record, main=run.main, leader=run.leader)
            self._write(ActiveState.ACTIVATING)

        self._write(ActiveState.ACTIVATING)
        try:
            return run.start(changed)
        except _FAILURES as error:
            return Outcome(result="resources", message=str(error))

    def _end(self, run: Run, outcome: Outcome, *, started: bool) -> bool:
        self._write(ActiveState.DEACTIVATING)
        at_once = self._watch.wish is Wish.KILL or outcome.result == "timeout"
        try:
            status = run.end(started=started, at_once=at_once)
        except _FAILURES as error:
            # Not at rest: the record stays as it is, so that the next one who looks knows that something is left.
            run.say(str(error))
            return False
        if started and self._watch.wish is Wish.RUN and status in run.service.reboot_codes:
            run.say("the container reboots")
            return True
        if started:
            outcome = SUCCESS if at_once else run.outcome_of(status)
        self._rest(outcome)
        return False

    def _new_record(self) -> Record:
        supervisor = proc.identify(os.getpid())
        if supervisor is None:
            raise AssertionError("this process runs")
        return Record(supervisor=supervisor, active=ActiveState.ACTIVATING)

    def _write(self, active: ActiveState) -> None:
        self._record = replace(self._record, active=active)
        write_record(self._places.record(self._name), self._record)

    def _rest(self, outcome: Outcome) -> None:
        active = ActiveState.INACTIVE if outcome.result == SUCCESS.result else ActiveState.FAILED
        self._record = replace(
            self._record, active=active, result=outcome.result, message=outcome.message, main=None, leader=None
        )
        self._watch.close()
        write_record(self._places.record(self._name), self._record)

    def _release_starter(self) -> None:
        if self._starter is not None:
            os.close(self._starter)
            self._starter = None


def main(arguments: Sequence[str]) -> None:
    """Run as a program: ``MODE AT-ONCE UNITS CONFS STATES NAME…``, mode ``start``, ``stop`` or ``kill``.

    The two last modes clean up after a dead supervisor. The program divides into one process a container and ends; they
    go on, detached. Each closes its descriptor 3 when its container is up, or when it ends. If ``AT-ONCE`` is not 0, it
    divides so that no more containers boot at once.
    """
    mode, at_once, units, confs, states, *names = arguments
    places = Places(units=Path(units), confs=Path(confs), states=Path(states))
    booting: dict[str, tuple[int, float]] = {}
    for name in names:
        while 0 < int(at_once) <= len(booting := _still_booting(booting, places)):
            time.sleep(_STEP)
        if (pid := os.fork()) != 0:
            booting[name] = (pid, time.monotonic())
        else:
            _detach(name, places, fresh=mode == "start")
            _supervise(mode, name, places)
            return


def _still_booting(begun: Mapping[str, tuple[int, float]], places: Places) -> dict[str, tuple[int, float]]:
    """Return those of the begun containers, each with its supervisor and since when, that keep others from booting.

    One that takes long waits for something, and leaves the machine to the others.
    """
    lately = time.monotonic() - _BUSY_SECONDS
    return {name: (pid, since) for name, (pid, since) in begun.items() if since > lately and _boots(name, pid, places)}


def _boots(name: str, supervisor: int, places: Places) -> bool:
    if os.waitpid(supervisor, os.WNOHANG) != (0, 0):
        return False
    record = read_record(places.record(name))
    # The record of an earlier supervisor stays until the new one writes its own.
    return record is None or record.supervisor.pid != supervisor or record.active is ActiveState.ACTIVATING


def _detach(name: str, places: Places, *, fresh: bool) -> None:
    """Cut all ties to the caller but the starter's descriptor; what is written goes to the container's log."""
    os.setsid()
    os.chdir("/")
    os.umask(0o022)
    # What the caller's caller left open, a pipe of a CI job for instance, must not stay open as long as a container.
    for descriptor in map(int, os.listdir("/proc/self/fd")):  # noqa: PTH208 -- numbers are wanted, not paths
        if descriptor > STARTER:
            os.closerange(descriptor, descriptor + 1)
    os.set_inheritable(STARTER, False)  # noqa: FBT003 -- takes no keywords
    truncate = os.O_TRUNC if fresh else 0
    log = os.open(places.log(name), os.O_WRONLY | os.O_CREAT | os.O_APPEND | truncate, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)


def _supervise(mode: str, name: str, places: Places) -> None:
    # Held as long as this process lives: one container has one supervisor.
    lock = os.open(places.directory(name) / "lock", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"extra-container: {name} has a supervisor already")
    _name_process(name)
    supervisor = Supervisor(name, places, output=sys.stdout.fileno(), starter=STARTER)
    match mode:
        case "start":
            supervisor.supervise()
        case "stop":
            os.kill(os.getpid(), STOP_SIGNAL)
            supervisor.recover()
        case "kill":
            os.kill(os.getpid(), KILL_SIGNAL)
            supervisor.recover()
        case _:
            sys.exit(f"extra-container: unknown mode {mode}")


def _name_process(name: str) -> None:
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    # Seen in ps and top, where the command line names all containers that were started together.
    libc.prctl(_PR_SET_NAME, f"ec:{name}".encode())
    # If systemd-nspawn dies, the container's processes become children of this process, which reaps them: where PID 1
    # is a mere program, as in many CI images, nobody else would.
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
