"""The manager of hosts that run systemd: the order in which systemctl, machinectl and journalctl are asked."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

from extra_container.model.errors import ProcessError
from extra_container.model.host import ActiveState, Host, UnitState
from extra_container.model.layout import unit_name
from extra_container.model.plans import Failure, InstallPlan
from extra_container.model.values import Problem, Problems
from extra_container.process import Runner
from extra_container.systemd.machined import Machined
from extra_container.systemd.nspawn import Nspawn
from extra_container.systemd.systemctl import PLAIN, Systemctl, UnitFacts

# A unit that is beyond its main process runs clean-up that must not be killed, or nothing at all.
_ENDING = frozenset(
    {
        "dead",
        "failed",
        "stop-post",
        "final-sigterm",
        "final-sigkill",
        "final-watchdog",
        "auto-restart",
        "auto-restart-queued",
    }
)

_LINES_OF_A_BOOT = 500
# What a container's systemd says on its console when all is well hides what went wrong.
_GOOD_NEWS = re.compile(r"\[  OK  \]|         \S+ing ")
_DETAIL_LINES = 15
_POLL_SECONDS = 0.05
_TERMINATE_SECONDS = 1.0


class SystemdManager:
    """Runs containers as systemd units, registered with machined where the host has it.

    ``patience`` bounds, in seconds, the wait for machined to forget a machine whose unit has stopped. ``grace`` is how
    long a supervisor whose container was killed may take to end before it is killed, too, and ``kill_patience``
    bounds the wait for the unit after that: its ``ExecStopPost`` still runs, for which systemd's limit is 90 s.
    """

    def __init__(
        self,
        runner: Runner,
        *,
        nspawn: Nspawn | None = None,
        patience: float = 10.0,
        grace: float = 5.0,
        kill_patience: float = 120.0,
    ) -> None:
        self._runner = runner
        self._systemctl = Systemctl(runner)
        self._machined = Machined(runner)
        self._nspawn = Nspawn(runner) if nspawn is None else nspawn
        self._patience = patience
        self._grace = grace
        self._kill_patience = kill_patience

    def states(self, names: Sequence[str]) -> Mapping[str, UnitState]:
        """See :meth:`extra_container.model.host.Manager.states`."""
        return {name: facts.state for name, facts in self._systemctl.show(names).items()}

    def reload(self) -> None:
        """See :meth:`extra_container.model.host.Manager.reload`."""
        self._systemctl.daemon_reload()

    def start(self, names: Sequence[str]) -> tuple[Failure, ...]:
        """See :meth:`extra_container.model.host.Manager.start`.

        systemd refuses more than 5 starts of a unit in 10 s (``DefaultStartLimitBurst=``), which containers that are
        created again and again meet: the refused ones get a second try. An interrupt leaves the start going on.
        """
        if not names:
            return ()
        self._clear(names)
        began, began_monotonic = time.time(), time.monotonic()
        done = self._systemctl.start(names)
        if done.returncode == 0:
            return ()
        facts = self._systemctl.show(names)
        # Result=start-limit-hit does not replace an earlier failure's result, so the time of the last start tells.
        untried = [name for name, said in facts.items() if not said.state.up and said.state.started < began_monotonic]
        refused = [name for name in untried if facts[name].state.active is ActiveState.FAILED]
        # One unit that cannot be started may have kept all others from it.
        again = untried if 1 < len(untried) == len(facts) else refused
        complaints = done.stderr
        if again:
            self._systemctl.reset_failed(again)
            complaints += self._systemctl.start_each(again)
            facts = self._systemctl.show(names)
        down = [name for name in facts if not facts[name].state.up]
        return tuple(self._start_failures(down, facts, complaints.splitlines(), began))

    def stop(self, names: Sequence[str]) -> tuple[Failure, ...]:
        """See :meth:`extra_container.model.host.Manager.stop`."""
        if not names:
            return ()
        began = time.time()
        left = self._end(names)
        failures = (*self._stop_failures(left, began), *self._forgotten(set(names) - left.keys()))
        self._clear(names)
        return failures

    def kill(self, names: Sequence[str]) -> tuple[Failure, ...]:
        """See :meth:`extra_container.model.host.Manager.kill`.

        The stop that is asked for first keeps ``Restart=`` from starting a killed container again. The supervisor is
        killed only if it does not end by itself, for then it leaves mounts and interfaces.
        """
        if not names:
            return ()
        began = time.time()
        facts = self._systemctl.show(names)
        left = {name: said for name, said in facts.items() if not said.at_rest}
        if left:
            self._systemctl.request_stop(tuple(left))
            for name, said in left.items():
                self._nspawn.kill_leader(said.main_pid, unit_name(name))
            left = self._end(tuple(left), timeout=self._grace)
        if left:
            if killable := [name for name, said in left.items() if said.sub not in _ENDING]:
                self._systemctl.kill(killable)
            left = self._end(tuple(left), timeout=self._kill_patience)
        failures = (*self._stop_failures(left, began), *self._forgotten(set(names) - left.keys()))
        self._clear(names)
        return failures

    def forget(self, names: Sequence[str]) -> None:
        """See :meth:`extra_container.model.host.Manager.forget`."""
        if names:
            self._systemctl.reset_failed(names)

    def leader(self, name: str) -> int | None:
        """See :meth:`extra_container.model.host.Manager.leader`.

        What machined says is believed only of a process in the container's cgroup. A container that it does not
        know is found as the child of the unit's main process, nspawn, that is PID 1 of its PID namespace.
        """
        pid = self._machined.leader(name)
        if pid is not None and self._nspawn.runs_in(pid, unit_name(name)):
            return pid
        return self._nspawn.leader(self._systemctl.show([name])[name].main_pid, unit_name(name))

    def journal(self, name: str, lines: int) -> tuple[str, ...]:
        """See :meth:`extra_container.model.host.Manager.journal`."""
        return self._journal(name, lines)

    def login_argv(self, name: str) -> tuple[str, ...]:
        """See :meth:`extra_container.model.host.Manager.login_argv`."""
        return self._machined.login_argv(name)

    def _end(self, names: Sequence[str], *, timeout: float | None = None) -> dict[str, UnitFacts]:
        """Stop units; return the facts on those that still run, or are about to, after ``timeout`` seconds."""
        try:
            done = self._systemctl.stop(names, timeout=timeout)
        except ProcessError:
            done = None  # it goes on
        if done is not None and done.returncode == 0:
            return {}
        facts = self._systemctl.show(names)
        left = {name: said for name, said in facts.items() if not said.at_rest}
        if left and done is not None and not all(said.state.loaded for said in facts.values()):
            # The unit that is not loaded may have kept the others from being stopped.
            return self._end(tuple(left), timeout=timeout)
        return left

    def _clear(self, names: Sequence[str]) -> None:
        """Remove what killed supervisors left and what would make the next start fail."""
        suspects = [name for name in names if self._nspawn.left_mount(name)]
        if suspects:
            facts, known = self._systemctl.show(suspects), self._machined.machines()
            for name in suspects:
                if facts[name].at_rest and name not in known:
                    self._nspawn.unmount(name)

    def _forgotten(self, stopped: AbstractSet[str]) -> tuple[Failure, ...]:
        """Wait until machined knows none of the stopped machines; a start before that would fail."""
        waiting = stopped
        deadline = time.monotonic() + self._patience
        next_terminate = time.monotonic()
        foreign: frozenset[str] = frozenset()
        while waiting := (waiting & self._machined.machines()) - foreign:
            now = time.monotonic()
            if now >= next_terminate:
                # Somebody else may run a machine of this name; it is neither ours to wait for nor to end.
                foreign |= {name for name in waiting if self._machined.unit(name) not in {None, unit_name(name)}}
                self._machined.terminate(sorted(waiting - foreign))
                next_terminate = now + _TERMINATE_SECONDS
            if now >= deadline:
                break
            time.sleep(_POLL_SECONDS)
        return tuple(
            Failure(name=name, message="systemd-machined still knows its machine") for name in sorted(waiting - foreign)
        )

    def _stop_failures(self, left: Mapping[str, UnitFacts], began: float) -> Iterator[Failure]:
        for name, facts in left.items():
            yield Failure(
                name=name,
                message=f"its unit is still {facts.state.active.value}",
                details=self._details(name, began),
            )

    def _start_failures(
        self, down: Sequence[str], facts: Mapping[str, UnitFacts], complaints: Sequence[str], began: float
    ) -> Iterator[Failure]:
        for name in down:
            said = _about(name, complaints)
            yield Failure(
                name=name,
                message=_reason(facts[name], said),
                details=self._details(name, began) or said,
            )

    def _details(self, name: str, began: float) -> tuple[str, ...]:
        """Return what was logged since the time ``began``: a failure's report must not hold lines of older runs."""
        try:
            # The last lines of a process that ended a moment ago may still be on their way into the journal.
            self._runner.run(["journalctl", "--sync"], environment=PLAIN)
            lines = self._journal(name, _LINES_OF_A_BOOT, f"--since=@{began:.6f}")
            return tuple(line for line in lines if not _GOOD_NEWS.match(line))[-_DETAIL_LINES:]
        except ProcessError as error:
            return tuple(error.message.splitlines())

    def _journal(self, name: str, lines: int, *options: str) -> tuple[str, ...]:
        argv = ["journalctl", "-q", "--no-pager", "-o", "cat", "-n", str(lines), *options, "-u", unit_name(name)]
        return tuple(self._runner.run(argv, environment=PLAIN).stdout.splitlines())


def fragment_problems(plan: InstallPlan, host: Host, *, hint: str) -> Problems:
    """Find the installed containers for which systemd uses another unit file than the installed one.

    ``hint`` tells how to make systemd read the host's unit directory. Call it when the units were reloaded.
    """
    names = [item.name for item in plan.items]
    states = host.manager.states(names)
    unread, problems = [], []
    for name in names:
        match states[name].fragment:
            case Path() as used if _same_file(used, host.unit_directory / unit_name(name)):
                continue
            case Path() as used if used.name == unit_name(name):
                message = f"container {name}: systemd uses {used} instead of the unit in {host.unit_directory}"
                problems.append(Problem(message=message, hint=f"Remove {used}, or give the container another name."))
            case _:
                unread.append(name)
    if unread:
        shown = ", ".join(unread)
        message = f"systemd does not read the units in {host.unit_directory}, so it cannot run: {shown}"
        problems.append(Problem(message=message, hint=hint))
    return tuple(problems)


def _same_file(used: Path, installed: Path) -> bool:
    # Where /lib is a link to /usr/lib, systemd may name a directory by the other path.
    return used.name == installed.name and used.parent.resolve() == installed.parent.resolve()


def _about(name: str, lines: Iterable[str]) -> tuple[str, ...]:
    unit = unit_name(name)
    return tuple(line for line in lines if unit in line and not line.startswith("See "))


def _reason(facts: UnitFacts, said: Sequence[str]) -> str:
    result = facts.state.result
    by_load = {
        "masked": "its unit is masked (enable = false in its definition makes it so)",
        "not-found": f"systemd does not know {unit_name(facts.state.name)}",
        "bad-setting": f"systemd cannot use its unit {facts.state.fragment}",
        "error": f"systemd cannot read its unit {facts.state.fragment}",
    }
    by_result = {
        "timeout": "it did not boot within the time that its unit allows (TimeoutStartSec)",
        "start-limit-hit": "it was started too often in a short time",
        "success": said[0] if said else f"its unit is {facts.state.active.value}",
    }
    return by_load.get(facts.load) or by_result.get(result) or f"its unit failed with result {result}"
