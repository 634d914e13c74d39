"""The manager of hosts that run systemd: the order in which systemctl, machinectl and journalctl are asked."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from extra_container import shortcuts
from extra_container.model.errors import ProcessError
from extra_container.model.host import ActiveState, UnitState
from extra_container.model.layout import unit_name
from extra_container.systemd.capacity import boots_at_once
from extra_container.systemd.machined import Machined
from extra_container.systemd.nspawn import Nspawn
from extra_container.systemd.registration import Registration, clashed, may_want_machined
from extra_container.systemd.shutdown import restart, shut_down
from extra_container.systemd.systemctl import Systemctl, UnitFacts
from extra_container.systemd.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from extra_container.model.host import UnitChanges, UnitDetails
    from extra_container.model.plans import Failure
    from extra_container.process import Completed, Runner

# A unit that is beyond its main process runs clean-up that must not be killed, or nothing at all.
_ENDING = frozenset({"dead", "failed", "stop-post", "auto-restart", "auto-restart-queued"}) | frozenset(
    {"final-sigterm", "final-sigkill", "final-watchdog"}
)

# What each of many supervisors takes of the machine to clean up after its container, with much to spare.
_CLEAN_UP_SECONDS = 0.3


class SystemdManager:
    """Runs containers as systemd units, registered with machined where the host has it.

    ``patience`` bounds, in seconds, the wait for machined to forget a machine whose unit has stopped. ``grace`` is how
    long a supervisor whose container was killed may take to end before it is killed, too, and ``kill_patience``
    bounds the wait for the unit after that: its ``ExecStopPost`` still runs, for which systemd's limit is 90 s.
    ``at_once`` is how many containers boot or shut down at once, by default what the machine can take.
    """

    def __init__(
        self,
        runner: Runner,
        *,
        nspawn: Nspawn | None = None,
        patience: float = 10.0,
        grace: float = 5.0,
        kill_patience: float = 120.0,
        at_once: int | None = None,
    ) -> None:
        self._runner = runner
        self._systemctl = Systemctl(runner)
        self._window = Window(self._systemctl, boots_at_once() if at_once is None else at_once)
        self._registration = Registration(self._systemctl)
        self._machined = Machined(runner)
        self._nspawn = Nspawn(runner) if nspawn is None else nspawn
        self._patience = patience
        self._grace = grace
        self._kill_patience = kill_patience

    def states(self, names: Sequence[str]) -> Mapping[str, UnitState]:
        """See :meth:`extra_container.model.host.Manager.states`. What a reload has just shown is not asked again."""
        facts = self._systemctl.take_seen(names) or self._systemctl.show(names)
        return {name: facts[name].state for name in names}

    def glance(self, names: Sequence[str]) -> Mapping[str, UnitState]:
        """See :meth:`extra_container.model.host.Glancing.glance`."""
        if self._nspawn.leaders(names).keys() != set(names) or not self._systemctl.all_active(names):
            return self.states(names)
        return {name: UnitState(name=name, active=ActiveState.ACTIVE) for name in names}

    def reload(self) -> None:
        """See :meth:`extra_container.model.host.Manager.reload`."""
        self._systemctl.daemon_reload()

    def reload_for(self, changes: UnitChanges) -> None:
        """See :meth:`extra_container.model.host.SelectiveManager.reload_for`."""
        from extra_container.systemd import reloading

        always = not shortcuts.taken(shortcuts.RELOAD, self._runner.environment)
        reloading.reload_for(changes, self._systemctl, always=always)

    def start(self, names: Sequence[str]) -> tuple[Failure, ...]:
        """See :meth:`extra_container.model.host.Manager.start`.

        systemd refuses more than 5 starts of a unit in 10 s (``DefaultStartLimitBurst=``), which containers that are
        created again and again meet: the refused ones get a second try. So do those that cannot register with machined,
        then without. An interruption leaves the starts that were begun going on.
        """
        if not names:
            return ()
        self._clear(names)
        began, began_monotonic = time.time(), time.monotonic()
        content, complaints = self._window.start(names)
        # A unit whose conditions are not met starts well, too. Of those that were not waited for, nothing is known.
        if content and self._window.holds(names) and self._nspawn.leaders(names).keys() >= set(names):
            return ()
        facts = self._systemctl.show(names)
        if not content and (again := self._window.worth_another_try(facts, began_monotonic)):
            self._systemctl.reset_failed(again)
            complaints += self._systemctl.start_each(again)
            facts = self._systemctl.show(names)
        down = [name for name in facts if not facts[name].state.up]
        if not down:
            return ()
        details = {name: self._details(name, began) for name in down}
        stranded = [name for name in down if facts[name].load == "loaded" and may_want_machined(details[name])]
        if stranded and not self._machined.answers():
            complaints += self._start_unregistered(stranded)
            facts = self._systemctl.show(names)
            details |= {name: self._details(name, began) for name in stranded}
            down = [name for name in down if not facts[name].state.up]
        from extra_container.systemd.reasons import start_failures

        return start_failures([facts[name] for name in down], complaints, details, self._runner)

    def restart(self, names: Sequence[str]) -> tuple[Sequence[str], Sequence[Failure]]:
        """See :meth:`extra_container.model.host.Restarting.restart`.

        What it leaves does not run, does not register, refused to stop, or has to be looked after before it can start.
        """
        before = self._nspawn.leaders(names) if shortcuts.taken(shortcuts.RESTART, self._runner.environment) else {}
        if not (chosen := [name for name in before if not self._registration.waived((name,))]):
            return names, ()
        began, since = time.time(), time.monotonic()
        content, complaints = restart(chosen, since, self._window, self._systemctl, self._nspawn)
        after = self._nspawn.leaders(chosen)
        if content and all(after.get(name, before[name]) != before[name] for name in chosen):
            return [name for name in names if name not in chosen], ()
        facts = self._systemctl.show(chosen)
        new = {name: unit for name, unit in facts.items() if unit.state.started >= since}
        details = {name: self._details(name, began) for name, unit in new.items() if not unit.state.up}
        left = {name for name, said in details.items() if may_want_machined(said) or clashed(said)}
        from extra_container.systemd.reasons import start_failures

        failed = [new[name] for name in details if name not in left]
        left |= set(names) - new.keys()
        return tuple(filter(left.__contains__, names)), start_failures(failed, complaints, details, self._runner)

    def stop(self, names: Sequence[str]) -> tuple[Failure, ...]:
        """See :meth:`extra_container.model.host.Manager.stop`."""
        if not names:
            return ()
        began = time.time()
        self._window.stop(names)
        left = self._left(names, shut_down(names, self._systemctl, self._nspawn))
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
        leaders = self._nspawn.leaders(names)
        others = self._systemctl.show([name for name in names if name not in leaders])
        left = {name: unit for name, unit in others.items() if not unit.at_rest}
        if killed := (*leaders, *left):
            try:
                left = self._kill(leaders, left)
            except KeyboardInterrupt:
                # What was killed fails within moments; a unit that fails after this would stay failed.
                self._end(killed, timeout=self._grace)
                raise
            finally:
                self._systemctl.reset_failed(killed)
        failures = (*self._stop_failures(left, began), *self._forgotten(set(names) - left.keys()))
        self._clear(names)
        return failures

    def forget(self, names: Sequence[str]) -> None:
        """See :meth:`extra_container.model.host.Manager.forget`."""
        if names:
            self._registration.restore(names)
            self._systemctl.reset_failed(names)

    def leader(self, name: str) -> int | None:
        """See :meth:`extra_container.model.host.Manager.leader`.

        It is the nspawn's child in the unit's cgroup that is PID 1 of its PID namespace. Where not just one is there,
        systemd is asked for the main process; where that is none, machined is, and believed within the cgroup.
        """
        return self.leaders((name,))[name]

    def leaders(self, names: Sequence[str]) -> Mapping[str, int | None]:
        """See :meth:`extra_container.model.host.AskedTogether.leaders`."""
        found = self._nspawn.leaders(names)
        others = self._systemctl.show([name for name in names if name not in found])
        return {**found, **{name: self._leader(facts) for name, facts in others.items()}}

    def describe(self, names: Sequence[str]) -> Mapping[str, UnitDetails]:
        """See :meth:`extra_container.model.host.Describing.describe`."""
        return self._systemctl.describe(names, self._leader)

    def _leader(self, facts: UnitFacts) -> int | None:
        name = facts.state.name
        pid = self._nspawn.leader(facts.main_pid, unit_name(name))
        if pid is not None:
            return pid
        pid = self._machined.leader(name)
        return pid if pid is not None and self._nspawn.runs_in(pid, unit_name(name)) else None

    def journal(self, name: str, lines: int) -> tuple[str, ...]:
        """See :meth:`extra_container.model.host.Manager.journal`."""
        from extra_container.systemd.journal import Journal

        return Journal(self._runner).last(name, lines)

    def journal_options(self, name: str) -> tuple[str, ...]:
        """See :meth:`extra_container.model.host.Journaled.journal_options`."""
        return ("-u", unit_name(name))

    def login_argv(self, name: str) -> tuple[str, ...]:
        """See :meth:`extra_container.model.host.Manager.login_argv`."""
        return self._machined.login_argv(name)

    def _kill(self, leaders: Mapping[str, int], others: Mapping[str, UnitFacts]) -> dict[str, UnitFacts]:
        """Kill containers whose PID 1 is known, and others; return the facts on those that survive all patience."""
        running = (*leaders, *others)
        self._systemctl.request_stop(running)
        for name in running:
            leader = leaders.get(name) or self._nspawn.leader(others[name].main_pid, unit_name(name))
            self._nspawn.kill(leader, unit_name(name))
        left = self._end(running, timeout=max(self._grace, _CLEAN_UP_SECONDS * len(running)))
        if left:
            if killable := [name for name, unit in left.items() if unit.sub not in _ENDING]:
                self._systemctl.kill(killable)
            left = self._end(tuple(left), timeout=self._kill_patience)
        return left

    def _start_unregistered(self, names: Sequence[str]) -> str:
        """Start containers once more, this time without machined; return the complaints."""
        self._end(names)
        self._registration.waive(names)
        self._systemctl.reset_failed(names)
        return self._window.start(names)[1]

    def _end(self, names: Sequence[str], *, timeout: float | None = None) -> dict[str, UnitFacts]:
        """Stop units; return the facts on those that still run, or are about to, after ``timeout`` seconds."""
        try:
            done = self._systemctl.stop(names, timeout=timeout)
        except ProcessError:
            done = None  # it goes on
        return self._left(names, done, timeout=timeout)

    def _left(
        self, names: Sequence[str], done: Completed | None, *, timeout: float | None = None
    ) -> dict[str, UnitFacts]:
        if done is not None and done.returncode == 0:
            return {}
        facts = self._systemctl.show(names)
        left = {name: unit for name, unit in facts.items() if not unit.at_rest}
        if left and done is not None and not all(unit.state.loaded for unit in facts.values()):
            # The unit that is not loaded may have kept the others from being stopped.
            return self._end(tuple(left), timeout=timeout)
        return left

    def _clear(self, names: Sequence[str]) -> None:
        """Remove what killed supervisors left, what would make the next start fail, and what is over by now."""
        if waived := self._registration.waived(names):
            # What the confs give to systemd-nspawn may have changed, so that it is written anew.
            (self._registration.restore if self._machined.answers() else self._registration.waive)(waived)
        suspects = [name for name in names if self._nspawn.left_mount(name)]
        if suspects:
            facts, known = self._systemctl.show(suspects), self._machined.machines()
            for name in suspects:
                if facts[name].at_rest and name not in known:
                    self._nspawn.unmount(name)

    def _forgotten(self, stopped: AbstractSet[str]) -> tuple[Failure, ...]:
        """Wait until machined knows none of the stopped machines; a start before that would fail."""
        left = self._machined.forget(stopped, self._patience)
        if not left:
            return ()
        from extra_container.model.plans import Failure

        return tuple(Failure(name=name, message="systemd-machined still knows its machine") for name in sorted(left))

    def _stop_failures(self, left: Mapping[str, UnitFacts], began: float) -> Iterator[Failure]:
        from extra_container.model.plans import Failure

        for name, facts in left.items():
            message = f"its unit is still {facts.state.active.value}"
            yield Failure(name=name, message=message, details=self._details(name, began))

    def _details(self, name: str, began: float) -> tuple[str, ...]:
        from extra_container.systemd.journal import Journal

        return Journal(self._runner).details(name, began)
