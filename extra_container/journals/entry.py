"""One line that a container or its supervisor wrote, parsed from journalctl's JSON and shown. Pure.

Source of the fields: systemd.journal-fields(7), and journalctl(1) for ``-o json``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING

from extra_container.json_text import loads
from extra_container.model.frozen import dataclass, replace
from extra_container.systemd.console import console_lines, without_good_news

if TYPE_CHECKING:
    from extra_container.model.values import JSON


class Author(Enum):
    """Who wrote a line."""

    CONTAINER = "container"
    SUPERVISOR = "supervisor"  # systemd and nspawn on the host, and the container's console


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line.

    ``time`` is in seconds since the epoch, None where nobody wrote it down; ``priority`` is that of syslog(3),
    ``identifier`` and ``pid`` are those of the process, ``unit`` is its unit in the container. ``cursor`` is journald's
    word for the place in the journal.
    """

    container: str
    author: Author
    message: str
    time: float | None = None
    identifier: str | None = None
    pid: int | None = None
    unit: str | None = None
    priority: int | None = None
    cursor: str | None = None


def parse_fields(line: str) -> dict[str, str]:
    """Return the fields of an entry as journalctl's JSON has them, as text; empty if the line is no entry.

    What is no UTF-8 comes as list of bytes, and a field that is there several times as list of values, of which the
    first one is taken.
    """
    try:
        found = loads(line)
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {str(name): text for name, value in found.items() if (text := _text(value)) is not None}


def parse(line: str, container: str, author: Author) -> Entry | None:
    """Return what a line of journalctl's JSON says, None if it is no entry."""
    fields = parse_fields(line)
    stamp = fields.get("__REALTIME_TIMESTAMP", "")
    if not stamp.isdecimal():
        return None
    own_unit = fields.get("_SYSTEMD_UNIT") or fields.get("UNIT")
    return Entry(
        container=container,
        author=author,
        message=fields.get("MESSAGE", ""),
        time=int(stamp) / 1_000_000,
        identifier=fields.get("SYSLOG_IDENTIFIER") or fields.get("_COMM"),
        pid=_number(fields.get("_PID") or fields.get("SYSLOG_PID")),
        unit=own_unit if author is Author.CONTAINER else None,
        priority=_number(fields.get("PRIORITY")),
        cursor=fields.get("__CURSOR"),
    )


def as_json(entry: Entry) -> Mapping[str, JSON]:
    """Return what ``logs -o json`` prints of an entry."""
    return {
        "time": None if entry.time is None else iso(entry.time),
        "container": entry.container,
        "source": entry.author.value,
        "unit": entry.unit,
        "priority": entry.priority,
        "identifier": entry.identifier,
        "pid": entry.pid,
        "message": entry.message,
    }


def from_json(found: Mapping[str, object]) -> Entry | None:
    """Return the entry that :func:`as_json` made that of; None if it is none."""
    try:
        time = found["time"]
        return Entry(
            container=str(found["container"]),
            author=Author(found["source"]),
            message=str(found["message"]),
            time=None if time is None else dt.datetime.fromisoformat(str(time)).timestamp(),
            identifier=_optional_text(found["identifier"]),
            pid=_number(found["pid"]),
            unit=_optional_text(found["unit"]),
            priority=_number(found["priority"]),
        )
    except (KeyError, ValueError):
        return None


def as_text(entry: Entry) -> str:
    """Return an entry as a line for people, in their time zone, as journalctl shows it; a message may have more."""
    when = "" if entry.time is None else f"{local(entry.time)} "
    pid = "" if entry.pid is None else f"[{entry.pid}]"
    who = f" {entry.identifier or 'unknown'}{pid}:" if entry.time is not None else ":"
    head = f"{when}{entry.container}{who} "
    first, *more = entry.message.split("\n")
    return "\n".join([head + first, *(" " * len(head) + line for line in more)])


def for_people(entry: Entry) -> Entry | None:
    """Return an entry without what a console means for its terminal, None if it says nothing but that all goes well.

    What a container's systemd says of its units stands in the container's own journal, too.
    """
    if entry.author is not Author.SUPERVISOR:
        return entry
    lines = without_good_news(console_lines(entry.message))
    return replace(entry, message="\n".join(lines)) if lines else None


def local(time: float) -> str:
    """Return a time as people read it, in their time zone."""
    return dt.datetime.fromtimestamp(time).strftime("%b %d %H:%M:%S")  # noqa: DTZ006 -- theirs


def iso(time: float) -> str:
    """Return a time as ISO 8601 in UTC, to the microsecond."""
    moment = dt.datetime.fromtimestamp(time, tz=dt.UTC)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _text(value: object) -> str | None:
    match value:
        case str():
            return value
        case [int(), *_]:
            return bytes(byte & 0xFF for byte in value if isinstance(byte, int)).decode(errors="replace")
        case [first, *_]:
            return _text(first)
        case _:
            return None


def _number(value: object) -> int | None:
    match value:
        case int():
            return value
        case str() if value.isdecimal():
            return int(value)
        case _:
            return None


def _optional_text(value: object) -> str | None:
    return None if value is None else str(value)
