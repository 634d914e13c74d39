"""The manager of a host without systemd: one supervisor a container."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from extra_container.plugin import (
    ActiveState,
    Failure,
    HostError,
    Runner,
    UnitDetails,
    UnitState,
    boots_at_once,
    known_cause,
    layout,
    remove_tree,
    without_good_news,
)
from extra_container_standalone.cgroup import Cgroup
from extra_container_standalone.launch import Mode, launch
from extra_container_standalone.log import last_lines
from extra_container_standalone.places import Places
from extra_container_standalone.record import Record, read_record
from extra_container_standalone.unit import conditions
from extra_container_standalone.watch import KILL_SIGNAL, STOP_SIGNAL

_DETAIL_LINES = 15
_LINES_OF_A_BOOT = 500
# A container that takes longer to shut down waits for something, and leaves the machine to the others.
_BUSY_SECONDS = 10.0
_STEP = 0.01
_KILL_SECONDS = 30.0
_DEFAULT_STOP_SECONDS = 90.0


class StandaloneManager:
    """Implements :class:`extra_container.plugin.Manager` without systemd.

    ``at_once`` is how many containers boot or shut down at once, by default what the machine can take.
    """

    def __init__(self, places: Places, runner: Runner | None = None, *, at_once: int | None = None) -> None:
        self._places = places
        self._runner = Runner() if runner is None else runner
        self._at_once = boots_at_once() if at_once is None else at_once
        # A supervisor that was asked to end takes a moment to say that it does.
        self._asked_to_end: set[str] = set()

    def states(self, names: Sequence[str]) -> Mapping[str, UnitState]:
        """Return the state of each name; an unknown one is inactive and not loaded."""
        return {name: self._state(name) for name in names}

    def reload(self) -> None:
        """Do nothing: a unit file is read when its container starts."""

    def start(self, names: Sequence[str]) -> tuple[Failure, ...]:
        """Start the containers together and wait until each has booted or failed; return those that failed.

        When interrupted, those that were begun go on starting.
        """
        failures = {name: failure for name in names if (failure := self._obstacle(name)) is not None}
        wanted = [name for name in names if name not in failures]
        self._await_resting(wanted)
        down = [name for name in wanted if not self._supervised(name) and not self._state(name).up]
        for failure in self._recover([name for name in down if self._abandoned(name)], Mode.STOP):
            failures[failure.name] = failure
        for name in down:
            unmet = conditions.obstacle(name, self._places.unit(name), self._runner)
            if unmet is not None and name not in failures:
                failures[name] = Failure(name=name, message=unmet)
        launch([name for name in down if name not in failures], Mode.START, self._places, at_once=self._at_once)
        self._await_booted([name for name in wanted if name not in failures])
        for name in wanted:
            if name not in failures and self._state(name).active is not ActiveState.ACTIVE:
                failures[name] = self._failed_start(name)
        return tuple(failures[name] for name in names if name in failures)

    def stop(self, names: Sequence[str]) -> tuple[Failure, ...]:
        """Shut the containers down together and wait until each is gone; return those that are not."""
        return self._end(names, Mode.STOP)

    def kill(self, names: Sequence[str]) -> tuple[Failure, ...]:
        """Like :meth:`stop`, but at once."""
        return self._end(names, Mode.KILL)

    def forget(self, names: Sequence[str]) -> None:
        """Drop state and log of containers that are at rest."""
        self._recover([name for name in names if self._abandoned(name)], Mode.KILL)
        for name in names:
            if not self._supervised(name) and not self._abandoned(name) and self._places.directory(name).exists():
                remove_tree(self._places.directory(name))

    def leader(self, name: str) -> int | None:
        """Return the host's PID of the container's PID 1, ``None`` if the container does not run."""
        record = self._record(name)
        if record is None or record.leader is None or not record.leader.alive():
            return None
        return record.leader.pid

    def describe(self, names: Sequence[str]) -> Mapping[str, UnitDetails]:
        """Return state and PID 1 of each name, and when it got into that state."""
        return {
            name: UnitDetails(state=self._state(name), since=self._since(name), leader=self.leader(name))
            for name in names
        }

    def journal(self, name: str, lines: int) -> tuple[str, ...]:
        """Return the last lines that the container and its supervisor wrote since the container was last started."""
        return last_lines(self._places.log(name), lines)

    def log_file(self, name: str) -> Path:
        """Return the file with all that container and supervisor wrote since the last start."""
        return self._places.log(name)

    def login_argv(self, name: str) -> tuple[str, ...]:
        """Raise :class:`.HostError`: a login prompt needs systemd-machined."""
        raise HostError(
            f"this host has no systemd-machined to open a login prompt in {name}",
            hint=f"Use: extra-container root-login {name}",
        )

    def _record(self, name: str) -> Record | None:
        return read_record(self._places.record(name))

    def _supervised(self, name: str) -> bool:
        record = self._record(name)
        return record is not None and record.supervisor.alive()

    def _abandoned(self, name: str) -> bool:
        """Whether a supervisor died, or gave up, before it had cleaned up."""
        record = self._record(name)
        return record is not None and not record.at_rest and not record.supervisor.alive()

    def _state(self, name: str) -> UnitState:
        unit = self._places.unit(name)
        known = unit.exists()
        record = self._record(name)
        active, result = (ActiveState.INACTIVE, "success") if record is None else (record.active, record.result)
        if record is not None and self._abandoned(name):
            active, result = self._abandoned_state(name, record)
        return UnitState(
            name=name,
            active=active,
            loaded=known,
            fragment=unit if known else None,
            result=result,
            started=self._started(name),
        )

    def _started(self, name: str) -> float:
        """Return when the last start began, in seconds of the monotonic clock; 0 if there was none."""
        try:
            written = self._places.started_unit(name).stat().st_mtime
        except FileNotFoundError:
            return 0.0
        return written - time.time() + time.monotonic()

    def _since(self, name: str) -> float | None:
        """Return when the container got into its state: then its record was written."""
        try:
            return self._places.record(name).stat().st_mtime
        except FileNotFoundError:
            return None

    def _abandoned_state(self, name: str, record: Record) -> tuple[ActiveState, str]:
        runs = record.main is not None and record.main.alive()
        if runs and record.active is ActiveState.ACTIVE:
            return ActiveState.ACTIVE, "success"
        if runs or Cgroup.of(name).processes():
            return ActiveState.DEACTIVATING, "signal"
        return ActiveState.FAILED, "signal"

    def _obstacle(self, name: str) -> Failure | None:
        unit = self._places.unit(name)
        if unit.resolve() == Path("/dev/null"):
            message = f"{layout.unit_name(name)} is masked: its definition disables it"
        elif not unit.exists():
            message = f"{layout.unit_name(name)} is not installed in {self._places.units}"
        else:
            return None
        return Failure(name=name, message=message)

    def _failed_start(self, name: str) -> Failure:
        record = self._record(name)
        if record is None or not record.message:
            return Failure(name=name, message="it did not start", details=self.journal(name, _DETAIL_LINES))
        details = without_good_news(last_lines(self._places.log(name), _LINES_OF_A_BOOT, end=record.failed_at))
        return Failure(name=name, message=known_cause(details) or record.message, details=details[-_DETAIL_LINES:])

    def _await_resting(self, names: Sequence[str]) -> None:
        """Wait for containers that are ending, and for supervisors that have cleaned up and are about to end."""
        for name in names:
            while (record := self._record(name)) is not None and record.supervisor.alive():
                if not (record.ending or name in self._asked_to_end):
                    break
                time.sleep(_STEP)
            self._asked_to_end.discard(name)

    def _await_booted(self, names: Iterable[str]) -> None:
        """Wait for containers that another program is starting."""
        for name in names:
            while self._supervised(name) and self._state(name).active is ActiveState.ACTIVATING:
                time.sleep(_STEP)

    def _recover(self, names: Sequence[str], mode: Mode) -> tuple[Failure, ...]:
        launch(names, mode, self._places)
        return tuple(
            Failure(
                name=name,
                message="what an earlier run left could not be cleaned up",
                details=self.journal(name, _DETAIL_LINES),
            )
            for name in names
            if self._abandoned(name)
        )

    def _end(self, names: Sequence[str], mode: Mode) -> tuple[Failure, ...]:
        number = STOP_SIGNAL if mode is Mode.STOP else KILL_SIGNAL
        asked = self._signal_in_turn(names) if mode is Mode.STOP else [n for n in names if self._signal(n, number)]
        late = self._await_gone(asked, mode)
        if mode is Mode.STOP:
            late = self._await_gone([name for name in late if self._signal(name, KILL_SIGNAL)], Mode.KILL)
        for name in late:
            self._end_supervisor(name)
        self._recover([name for name in names if self._abandoned(name)], mode)
        return tuple(
            Failure(name=name, message="it is still there", details=self.journal(name, _DETAIL_LINES))
            for name in names
            if not self._state(name).at_rest
        )

    def _signal_in_turn(self, names: Sequence[str]) -> list[str]:
        """Have containers shut down, so many at once; return those that have a supervisor."""
        asked: dict[str, float] = {}
        for name in names:
            while len(self._busy(asked)) >= self._at_once:
                time.sleep(_STEP)
            if self._signal(name, STOP_SIGNAL):
                asked[name] = time.monotonic()
        return list(asked)

    def _busy(self, asked: Mapping[str, float]) -> list[str]:
        lately = time.monotonic() - _BUSY_SECONDS
        return [name for name, since in asked.items() if since > lately and self._supervised(name)]

    def _signal(self, name: str, number: signal.Signals) -> bool:
        """Send a signal to a container's supervisor; return whether it has one."""
        record = self._record(name)
        if record is None or not record.supervisor.send(number):
            return False
        self._asked_to_end.add(name)
        return True

    def _await_gone(self, names: Sequence[str], mode: Mode) -> list[str]:
        """Wait until the supervisors have ended, as long as their units allow; return those that have not."""
        limits = [_KILL_SECONDS]
        if mode is Mode.STOP:
            records = [record for name in names if (record := self._record(name)) is not None]
            limits += [(record.stop_timeout or _DEFAULT_STOP_SECONDS) + _KILL_SECONDS for record in records]
        until = time.monotonic() + max(limits)
        left = list(names)
        while left and time.monotonic() < until:
            left = [name for name in left if self._supervised(name)]
            time.sleep(_STEP if left else 0)
        return left

    def _end_supervisor(self, name: str) -> None:
        record = self._record(name)
        if record is not None and record.supervisor.send(signal.SIGKILL):
            while record.supervisor.alive():
                time.sleep(_STEP)
