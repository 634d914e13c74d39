"""Waiting for containers: until they run, are well, have stopped, or are gone."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from contextlib import closing, suppress
from enum import Enum
from typing import TYPE_CHECKING

from extra_container.inspection import events
from extra_container.inspection.failed_units import system_state
from extra_container.model.errors import ContainerError, HostError, TimeUpError, UsageError
from extra_container.model.host import leaders
from extra_container.pipeline import control

if TYPE_CHECKING:
    from extra_container.pipeline.context import Context

_STEP = 0.2
# How often it is looked without any event: of what happens in a container nobody tells, and some hosts have no journal.
_LOOK_SECONDS = 1.0


class Condition(Enum):
    """What can be waited for."""

    RUNNING = "running"  # it has booted
    HEALTHY = "healthy"  # booted, no job left of that, none of its units has failed, and its check succeeds
    STOPPED = "stopped"  # nothing of it runs
    GONE = "gone"  # it is not installed


def wait(wanted: Sequence[str], condition: Condition, seconds: float | None, context: Context) -> None:
    """Wait until a condition holds for all containers; ``seconds`` limit it.

    Raises :class:`.UsageError` for a container that does not exist, unless its end is waited for,
    :class:`.ContainerError` for one that is removed meanwhile, and :class:`.TimeUpError` when the time is up.
    """
    for name in wanted:
        if condition is not Condition.GONE and not control.exists(name, context):
            raise UsageError(f"The container {name} does not exist", hint="`extra-container list` shows those that do.")
    until = None if seconds is None else time.monotonic() + seconds
    looked = 0.0
    with closing(_ticks(context)) as ticks:
        for happened in ticks:
            if happened or time.monotonic() - looked >= _LOOK_SECONDS:
                left = _left(wanted, condition, context)
                if not left:
                    return
                looked = time.monotonic()
            if until is not None and time.monotonic() >= until:
                left = _left(wanted, condition, context)
                if not left:
                    return
                raise _time_up(left, condition, seconds, context)


def _ticks(context: Context) -> Generator[bool]:
    """Yield again and again, True if something has happened to some container."""
    yield True
    with suppress(HostError):
        for happening in events.read(context, since=None, follow=True):
            yield happening is not None
    while True:  # without a journal, or when that has gone away
        time.sleep(_STEP)
        yield False


def _left(wanted: Sequence[str], condition: Condition, context: Context) -> tuple[str, ...]:
    """Return the containers for which the condition does not hold."""
    existing = [name for name in wanted if control.exists(name, context)]
    if condition is Condition.GONE:
        return tuple(existing)
    if len(existing) < len(wanted):
        missing = ", ".join(name for name in wanted if name not in existing)
        raise ContainerError(f"{missing}: removed while it was waited for")
    states = context.host.manager.states(existing)
    if condition is Condition.STOPPED:
        return tuple(name for name in existing if not states[name].at_rest)
    down = [name for name in existing if not states[name].up]
    if condition is Condition.RUNNING or down:
        return tuple(down)
    pids = leaders(existing, context.host.manager)
    return tuple(name for name in existing if not _is_well(name, pids[name], context))


def _is_well(name: str, leader: int | None, context: Context) -> bool:
    if leader is None or system_state(leader, context) != "running":
        return False
    from extra_container.health import report

    check = report.health_check(name, leader, context.host)
    health = report.read_of(leader, check)
    return health is None or health.word is report.Word.HEALTHY


def _time_up(left: Sequence[str], condition: Condition, seconds: float | None, context: Context) -> TimeUpError:
    from extra_container.inspection import status

    found = {one.name: one for one in status.read(left, context)}
    told = [f"{name} is {found[name].state}" for name in left]
    told += [f"the check of {name} says {health.word.value}" for name in left if (health := found[name].health)]
    told += [f"in {name} failed: {', '.join(failed)}" for name in left if (failed := found[name].failed_units)]
    return TimeUpError(
        f"After {seconds:g} s, not {condition.value}: {'; '.join(told)}",
        hint=f"`extra-container logs {left[0]}` shows what it says.",
    )
