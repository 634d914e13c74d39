"""How containers are, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from extra_container.cli.output import terminal
from extra_container.cli.views import table
from extra_container.cli.views.amounts import NOTHING, moment, size, span, timestamp
from extra_container.cli.views.table import Column
from extra_container.inspection.rollout import Standing
from extra_container.model.plans import Change

if TYPE_CHECKING:
    from extra_container.inspection.rollout import Rollout
    from extra_container.inspection.status import ContainerStatus

# The fields for programs.
COLUMNS = (
    "name",
    "state",
    "since",
    "uptime",
    "address",
    "memory",
    "cpu",
    "tasks",
    "as_installed",
    "lacks",
    "as_defined",
    "definition",
    "check",
    "failed_units",
    "health",
    "reason",
    "restarts",
    "journal",
    "leader",
    "rollout",
    "rollout_since",
    "generations",
)
# When each container had used how many seconds of CPU; by the monotonic clock.
Readings: TypeAlias = Mapping[str, tuple[float, float]]
# What brings to a running container what it lacks.
_LACKS = MappingProxyType({Change.SYSTEM: "update", Change.OTHER: "restart", Change.NEW: "restart"})

_TABLE = (
    Column(title="NAME"),
    Column(title="STATE"),
    Column(title="UPTIME", weight=6),
    Column(title="ADDRESS", weight=5),
    Column(title="MEMORY", weight=4, right=True),
    Column(title="CPU", weight=3, right=True),
    Column(title="RUNS", weight=2),
    Column(title="DEFINITION", weight=7),
    Column(title="SINCE", weight=1),
)
_DEFINED = MappingProxyType({True: "same", False: "changed", None: "?"})
_INDENT = "  "


def values(one: ContainerStatus) -> tuple[object, ...]:
    """Return the :data:`COLUMNS` of a container: seconds, bytes, ISO 8601; None for what nobody knows. Pure."""
    usage = one.usage
    return (
        one.name,
        one.state,
        timestamp(one.since),
        None if one.uptime is None else int(one.uptime),
        one.address,
        usage.memory,
        usage.cpu,
        usage.tasks,
        one.as_installed,
        None if one.lacks is None else _LACKS.get(one.lacks),
        None if one.verdict is None else one.verdict.as_defined,
        one.definition,
        None if one.verdict is None else one.verdict.reason,
        None if one.failed_units is None else list(one.failed_units),
        None if one.health is None else one.health.word.value,
        one.reason,
        one.restarts,
        list(one.journal),
        one.leader,
        None if one.rollout is None else one.rollout.standing.value,
        None if one.rollout is None else timestamp(one.rollout.since),
        None if one.rollout is None else _generations(one.rollout),
    )


def _generations(rollout: Rollout) -> Mapping[str, object]:
    return {
        name: {
            "number": step.number,
            "time": timestamp(step.time),
            "verdict": step.verdict,
            "reason": step.reason or None,
            "fingerprint": step.fingerprint or None,
        }
        for name, step in (("installed", rollout.installed), ("newest", rollout.newest))
    }


def shares(before: Readings, now: Readings) -> Mapping[str, float]:
    """Return how much of a processor containers used between two readings; 1.5 is one and a half. Pure.

    One that was started again in between has used less than before, and is left out.
    """
    pairs = {name: (before[name], now[name]) for name in now if name in before}
    return {
        name: (cpu - cpu_before) / (time - time_before)
        for name, ((time_before, cpu_before), (time, cpu)) in pairs.items()
        if time > time_before and cpu >= cpu_before
    }


def text(found: Sequence[ContainerStatus], width: int | None, *, shares: Mapping[str, float] | None = None) -> str:
    """Return a table and what there is to say of single containers, for a terminal of that width. Pure.

    With ``shares``, see :func:`shares`, CPU is what they use now and not what they have used.
    """
    rows = [
        (
            one.name,
            one.state if one.health is None else f"{one.state} ({one.health.word.value})",
            span(one.uptime),
            one.address or NOTHING,
            size(one.usage.memory),
            span(one.usage.cpu) if shares is None else _percent(shares.get(one.name)),
            NOTHING if one.lacks is None else _runs(one.lacks),
            NOTHING if one.verdict is None else _DEFINED[one.verdict.as_defined],
            moment(one.since),
        )
        for one in found
    ]
    lines = table.lines(_TABLE, rows, width)
    notes = [line for one in found for line in _notes(one, width)]
    return "\n".join([*lines, *([""] if notes else []), *notes]) + "\n"


def _percent(share: float | None) -> str:
    return NOTHING if share is None else f"{share:.1%}"


def _runs(lacks: Change) -> str:
    return "installed" if lacks is Change.UNCHANGED else "older"


def _notes(one: ContainerStatus, width: int | None) -> Iterator[str]:
    head = f"{one.name}: "
    if one.lacks in _LACKS:
        does = "a live update or a restart" if one.lacks is Change.SYSTEM else "a restart"
        sentence = f"it does not run what is installed yet, which {does} brings: extra-container restart {one.name}"
        yield terminal.hanging(head, sentence, width)
    if one.rollout is not None and one.rollout.standing is Standing.GONE_BACK:
        newest = one.rollout.newest
        why = f", since {newest.reason}" if newest.reason else ""
        sentence = f"it went back from generation {newest.number} to {one.rollout.installed.number}{why}"
        yield terminal.hanging(head, sentence, width)
    if one.verdict is not None and one.verdict.reason is not None:
        place = f" ({one.definition})" if one.definition else ""
        yield terminal.hanging(head, f"{one.verdict.reason}{place}", width)
    if one.failed_units:
        many = "units" if len(one.failed_units) > 1 else "a unit"
        yield terminal.hanging(head, f"{many} in it failed: {', '.join(one.failed_units)}", width)
    if one.health is not None and one.health.failing:
        many = f"the last {one.health.failing} checks" if one.health.failing > 1 else "the last check"
        said = f": {one.health.output[-1]}" if one.health.output else ""
        yield terminal.hanging(head, f"{many} of its health failed{said}", width)
    if one.reason or one.journal:
        reason = f" ({one.reason})" if one.reason else ""
        again = f" and was started again, {one.restarts} times by now" if one.state == "restarting" else ""
        last = "; its journal ends with" if one.journal else ""
        yield terminal.hanging(head, f"it failed{reason}{again}{last}", width)
        yield from (f"{_INDENT}{line}" for line in one.journal)
