"""How far several machines are: which of their containers are up to date, pending or went back, and since when."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from extra_container.plugin import dataclass
from extra_container.plugin_command import Column, table_lines

if TYPE_CHECKING:
    from extra_container.plugin_command import Call
    from extra_container_remote.fleet import Report

_TABLE = (
    Column(title="MACHINE"),
    Column(title="NAME"),
    Column(title="STATE"),
    Column(title="ROLLOUT", weight=3),
    Column(title="SINCE", weight=2),
    Column(title="GENERATION", weight=1, right=True),
)
_NOTHING = "-"
_PENDING, _GONE_BACK = "pending", "gone back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A container of a machine; ``name`` is None for a machine that says nothing, of which ``state`` is the outcome.

    ``standing`` is ``up to date``, ``pending`` (its newest generation does not run yet, or another machine has a newer
    one) or ``gone back``, None where nobody knows; ``since`` is in ISO 8601. ``generation`` is the installed one's
    number.
    """

    target: str
    name: str | None
    state: str
    standing: str | None = None
    since: str | None = None
    generation: int | None = None


def is_asked(call: Call) -> bool:
    """Whether a command line asks for a table of containers: not for a word, and not again and again."""
    parsed = call.parsed
    if call.name != "status" or parsed.watch:
        return False
    return len(parsed.names) != 1 or parsed.long or parsed.check or bool(parsed.formatter or parsed.json_into)


def rows(reports: Sequence[Report]) -> tuple[Row, ...]:
    """Return a row for each container of each machine, in the order of these. Pure."""
    said = {report.target: _containers(report.out) for report in reports}
    latest = _latest(container for containers in said.values() for container in containers or ())
    found = []
    for report in reports:
        containers = said[report.target]
        if containers is None:
            found.append(Row(target=report.target, name=None, state=report.outcome.value))
        else:
            found += [_row(report.target, one, latest.get(one["name"])) for one in containers]
    return tuple(found)


def text(found: Iterable[Row]) -> str:
    """Return a table. Pure."""
    cells = [
        (
            row.target,
            row.name or _NOTHING,
            row.state,
            row.standing or _NOTHING,
            (row.since or _NOTHING).replace("T", " ", 1)[:19],
            _NOTHING if row.generation is None else str(row.generation),
        )
        for row in found
    ]
    return "".join(f"{line}\n" for line in table_lines(_TABLE, cells, None))


def as_json(found: Iterable[Row]) -> list[dict[str, object]]:
    """Return rows as JSON values. Pure."""
    return [
        {
            "target": row.target,
            "name": row.name,
            "state": row.state,
            "rollout": row.standing,
            "since": row.since,
            "generation": row.generation,
        }
        for row in found
    ]


def _containers(out: str) -> list[Mapping[str, Any]] | None:
    """Return what a machine's ``status -f json`` says, None if that is nothing of the kind."""
    try:
        found = json.loads(out)
        return list(found) if isinstance(found, list) and all(map(_is_understood, found)) else None
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _is_understood(one: Mapping[str, Any]) -> bool:
    """Whether a machine says of a container what is looked at here. Raises LookupError, TypeError and their like."""
    generations = one.get("generations")
    texts = (one["name"], one.get("state", ""), one.get("rollout") or "", one.get("rollout_since") or "")
    return all(isinstance(text, str) for text in texts) and (
        not generations
        or (
            isinstance(generations["installed"]["number"], int)
            and isinstance(generations["newest"]["fingerprint"], str | None)
            and _time(generations["newest"]).tzinfo is not None
        )
    )


def _latest(containers: Iterable[Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
    """Return the newest generation that any machine has of each container, by name."""
    latest: dict[str, Mapping[str, Any]] = {}
    for name, newest in _newest(containers):
        if name not in latest or _time(newest) > _time(latest[name]):
            latest[name] = newest
    return latest


def _newest(containers: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for one in containers:
        if one.get("generations"):
            yield one["name"], one["generations"]["newest"]


def _row(target: str, one: Mapping[str, Any], latest: Mapping[str, Any] | None) -> Row:
    generations = one.get("generations")
    standing, since = one.get("rollout"), one.get("rollout_since")
    if generations and latest and standing != _GONE_BACK and _is_behind(generations["newest"], latest):
        standing, since = _PENDING, latest["time"]
    return Row(
        target=target,
        name=one["name"],
        state=one.get("state", _NOTHING),
        standing=standing,
        since=since,
        generation=generations["installed"]["number"] if generations else None,
    )


def _is_behind(newest: Mapping[str, Any], latest: Mapping[str, Any]) -> bool:
    """Whether another machine has got something newer."""
    if None in {newest["fingerprint"], latest["fingerprint"]}:
        return False
    return bool(newest["fingerprint"] != latest["fingerprint"]) and _time(newest) < _time(latest)


def _time(generation: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(generation["time"])
