"""Waiting until containers are healthy: booted, with all that was started inside, and by their check."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from extra_container.plugin import Failure, Left, dataclass
from extra_container.plugin_command import run_argv
from extra_container_health.bounded import Answer, ask
from extra_container_health.units import QUESTION, Finding, Unit, Watch, described, parse

if TYPE_CHECKING:
    from pathlib import Path

    from extra_container.plugin import HealthCheck, Runner, proc

_STEP = 0.3
_PROBE_STEP = 1.0
_LINES = 10
_ANSWER_SECONDS = 20.0
_MOST_BYTES = 1024 * 1024
_JOURNAL = ("journalctl", "-q", "--no-pager", "-o", "cat", "-n", str(_LINES), "-u")
_JOBS = ("systemctl", "list-jobs", "--no-legend", "--no-pager", "--full")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """A container whose health is waited for.

    ``init`` is its PID 1, ``check`` how it is checked, with ``command`` inside, None for none. Times are monotonic
    seconds: what happened before ``since`` does not count, nothing is checked before ``start``, and ``until`` is the
    end of patience, which is ``timeout`` seconds long. What was started runs for ``settle`` seconds when it is well.
    """

    name: str
    init: proc.Process
    check: HealthCheck
    command: tuple[str, ...] | None
    since: float
    start: float
    until: float
    timeout: float
    settle: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Probe:
    """What the check said last; ``failing`` is since when it fails, None if it does not."""

    time: float = 0.0
    failing: float | None = None
    said: tuple[str, ...] = ()


def wait(patients: Sequence[Patient], runner: Runner, runtime: Path) -> tuple[Failure, ...]:
    """Wait until all are healthy; return those that are not, in the order given."""
    from concurrent.futures import ThreadPoolExecutor
    from concurrent.futures import wait as wait_for

    with ThreadPoolExecutor(max_workers=8) as pool, runner.together() as together:
        futures = [pool.submit(Nurse(patient, together, runtime).wait) for patient in patients]
        while not all(future.done() for future in futures):
            wait_for(futures, timeout=0.2)  # Python heeds no signal while it waits without an end
        found = [future.result() for future in futures]
    return tuple(failure for failure in found if failure is not None)


class Nurse:
    """Looks after one container. ``clock`` and ``sleep`` are those of :mod:`time`."""

    def __init__(
        self,
        patient: Patient,
        runner: Runner,
        runtime: Path,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._patient, self._runner, self._runtime = patient, runner, runtime
        self._clock, self._sleep = clock, sleep
        self._watch = Watch(since=patient.since, settle=patient.settle)
        self._probe = _Probe()
        self._booted = False

    def wait(self) -> Failure | None:
        """Wait until the container is healthy; return why it is not."""
        patient = self._patient
        while True:
            if not patient.init.alive():
                return self._failure("it ended", ())
            found = self._look()
            now = self._clock()
            if found is not None and found.failed:
                return self._of_unit(found.failed[0], f"failed ({found.failed[0].reason})")
            if found is not None and self._booted and now >= patient.start:
                if found.looping:
                    return self._of_unit(found.looping[0], "ends and is started again and again")
                if self._succeeds(now) and not found.settling:
                    return None
                if self._is_unhealthy():
                    return self._failure("its health check does not succeed", self._probe.said)
            if self._clock() >= patient.until:
                return self._late(found)
            self._sleep(_STEP)

    def _look(self) -> Finding | None:
        answer = self._ask(QUESTION, _ANSWER_SECONDS)
        if answer.code is None:
            return None  # it does not answer: that is no health, but may become some
        booted, units = parse(answer.text)
        self._booted = self._booted or booted
        return self._watch.look(units, self._clock()) if units else None

    def _succeeds(self, now: float) -> bool:
        patient, probe = self._patient, self._probe
        if patient.command is None:
            return True
        if now - probe.time < min(_PROBE_STEP, patient.check.interval):
            return False
        answer = self._ask(patient.command, patient.check.timeout + 15)
        ok = answer.code == 0
        failing = None if ok else (now if probe.failing is None else probe.failing)
        self._probe = _Probe(time=now, failing=failing, said=answer.lines[-_LINES:])
        return ok

    def _is_unhealthy(self) -> bool:
        """Whether as much time is gone since the first failure as all tries take that make it unhealthy."""
        check, failing = self._patient.check, self._probe.failing
        return failing is not None and self._clock() - failing >= (check.retries - 1) * check.interval

    def _ask(self, command: Sequence[str], seconds: float) -> Answer:
        patient = self._patient
        left = max(patient.until - self._clock(), 1.0)
        argv = run_argv(patient.init.pid, command, name=patient.name, runtime=self._runtime)
        return ask(argv, self._runner, seconds=min(seconds, left), most_bytes=_MOST_BYTES)

    def _of_unit(self, unit: Unit, what: str) -> Failure:
        return self._failure(f"{unit.name} {what}", self._ask((*_JOURNAL, unit.name), 10).lines[-_LINES:])

    def _late(self, found: Finding | None) -> Failure:
        patient, said = self._patient, tuple[str, ...]()
        if found is None:
            why = "its systemd does not answer"
        elif not self._booted:
            why, said = "its boot has not ended", self._ask(_JOBS, 10).lines[:_LINES]
        elif self._clock() < patient.start:
            why = "its start period is not over"
        elif found.settling:
            why = f"{described(found.settling)} did not keep running for {patient.settle:g} s"
        else:
            why, said = "its health check does not succeed", self._probe.said
        return self._failure(f"after {patient.timeout:g} s {why}", said, late=True)

    def _failure(self, message: str, said: Sequence[str], *, late: bool = False) -> Failure:
        return Failure(name=self._patient.name, message=message, details=tuple(said), left=Left.UNHEALTHY, late=late)


def started(init: proc.Process) -> float:
    """Return when a process was started, in monotonic seconds."""
    ticks = os.sysconf("SC_CLK_TCK")
    return time.monotonic() - (time.clock_gettime(time.CLOCK_BOOTTIME) - init.started / ticks)
