"""Starting and stopping many units, so many at once that each is done soon; one that hangs keeps no other waiting."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from extra_container.model.host import ActiveState
from extra_container.systemd.systemctl import Systemctl, UnitFacts

# A unit that takes longer waits for something, and leaves the machine to the others.
_BUSY_SECONDS = 10.0
_POLL_SECONDS = 0.1
# A unit that failed, and that its Restart= will start again.
_RESTARTING = frozenset({"auto-restart", "auto-restart-queued"})


class Window:
    """Has at most ``size`` units change their state at once. Up to half as many more are one call of systemctl, too.

    To look again and again whether the last few may begin would cost systemd more than these do. An interruption leaves
    those that were asked at work, and the others as they are.
    """

    def __init__(self, systemctl: Systemctl, size: int) -> None:
        self._systemctl = systemctl
        self._size = size

    def holds(self, names: Sequence[str]) -> bool:
        """Whether so many units are asked at once."""
        return len(names) <= self._size + self._size // 2

    def start(self, names: Sequence[str]) -> tuple[bool, str]:
        """Start units and wait until each is up or has failed; return if systemctl is content, and what it said."""
        complaints = ""
        left = tuple(names)
        if not self.holds(names):
            complaints, left = self._slide(names, self._systemctl.begin_each, _has_started)
        if not left:
            return not complaints, complaints
        done = self._systemctl.start(left)
        return done.returncode == 0 and not complaints, complaints + done.stderr

    def worth_another_try(self, facts: Mapping[str, UnitFacts], began: float) -> list[str]:
        """Return the units that systemd did not try to start since ``began``, though it may next time."""
        # Result=start-limit-hit does not replace an earlier failure's result, so the time of the last start tells.
        untried = [name for name, unit in facts.items() if not unit.state.up and unit.state.started < began]
        # One unit that cannot be started may have kept all others from it. And of those that were not waited for, it is
        # not yet known what keeps them.
        if 1 < len(untried) == len(facts) or not self.holds(tuple(facts)):
            return untried
        return [name for name in untried if facts[name].state.active is ActiveState.FAILED]

    def stop(self, names: Sequence[str]) -> None:
        """Begin to stop units; return when all but the slowest have stopped."""
        if not self.holds(names):
            self._slide(names, self._systemctl.request_stop, lambda facts: facts.at_rest)

    def begin_restarts(self, names: Sequence[str], since: float) -> str:
        """Restart units; return the complaints when all but the slowest have started.

        ``since`` is a time, in monotonic seconds, after which those are started that are restarted.
        """
        return self._slide(
            names, self._systemctl.request_restart, lambda facts: facts.state.started >= since and _has_started(facts)
        )[0]

    def _slide(
        self, names: Sequence[str], ask: Callable[[Sequence[str]], str], arrived: Callable[[UnitFacts], bool]
    ) -> tuple[str, tuple[str, ...]]:
        """Ask for units in turn; return the complaints, and those that have not arrived when all have been asked."""
        complaints = ""
        waiting = list(dict.fromkeys(names))
        asked: dict[str, float] = {}
        while waiting:
            began = time.monotonic()
            facts = self._systemctl.show(tuple(asked))
            took = time.monotonic() - began
            asked = {name: since for name, since in asked.items() if not arrived(facts[name])}
            begun_lately = time.monotonic() - _BUSY_SECONDS
            room = self._size - sum(since > begun_lately for since in asked.values())
            if room > 0:
                chosen, waiting = waiting[:room], waiting[room:]
                complaints += ask(chosen)
                asked |= dict.fromkeys(chosen, time.monotonic())
            else:
                time.sleep(max(_POLL_SECONDS, took))  # systemd has containers to see to as well
        facts = self._systemctl.show(tuple(asked))
        return complaints, tuple(name for name in asked if not arrived(facts[name]))


def _has_started(facts: UnitFacts) -> bool:
    return facts.state.up or facts.at_rest or facts.sub in _RESTARTING
