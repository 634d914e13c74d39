"""What happened to containers, read from what systemd and this program write to the host's journal. Pure.

Source of the message ids: systemd's sd-messages.h and its catalogue (``journalctl --list-catalog``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from extra_container.journals.entry import iso, parse_fields
from extra_container.json_text import loads
from extra_container.model import layout
from extra_container.model.frozen import dataclass
from extra_container.model.origin import MESSAGE_ID
from extra_container.model.plans import Left

if TYPE_CHECKING:
    from extra_container.model.values import JSON

_STARTING, _STARTED, _STOPPING, _STOPPED, _FAILED, _RESTARTING = (
    "starting",
    "started",
    "stopping",
    "stopped",
    "failed",
    "restarting",
)
_INSTALLED, _UPDATED, _DESTROYED = "installed", "updated", "destroyed"
_ENDED, _START_FAILED = "ended", "start-failed"

OF_SYSTEMD: Mapping[str, str] = MappingProxyType(
    {
        "7d4958e842da4a758f6c1cdc7b36dcc5": _STARTING,
        "39f53479d3a045ac8e11786248231fbf": _STARTED,
        "de5b426a63be47a7b6ac3eaac82e2f6f": _STOPPING,
        "9d1aaa27d60140bd96365438aad20286": _STOPPED,
        "7ad2d189f7e94e70a38c781354912448": _ENDED,  # the unit is over, and nothing was wrong
        "d9b373ed55a64feb8242e02dbe79a49c": _FAILED,  # the unit is over, and something was
        "be02cf6855d2428ba40df7e9d022f03d": _START_FAILED,  # the job that should have started it
        "5eb03494b6584870a536b337290809b3": _RESTARTING,
    }
)
_OURS = MappingProxyType(
    {
        "containers.installed": _INSTALLED,
        "container.updated": _UPDATED,
        "containers.destroyed": _DESTROYED,
        "container.left": _DESTROYED,  # if it is not installed any more
        "container.failed": _FAILED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that happened to a container.

    ``time`` is in seconds since the epoch. ``event`` is ``starting``, ``started``, ``stopping``, ``stopped``,
    ``failed``, ``restarting`` (systemd starts it again by itself), ``installed``, ``updated`` or ``destroyed``.
    ``source`` is who wrote it down: ``systemd`` or ``extra-container``; ``run`` is the id of the latter's run.
    """

    time: float
    container: str
    event: str
    source: str
    message: str | None = None
    run: str | None = None


def as_json(happening: Happening) -> Mapping[str, JSON]:
    """Return what ``events -o json`` prints."""
    return {
        "time": iso(happening.time),
        "container": happening.container,
        "event": happening.event,
        "message": happening.message,
        "source": happening.source,
        "run": happening.run,
    }


def happenings(lines: Iterable[str]) -> Iterator[Happening | None]:
    """Yield what entries in journalctl's JSON say, each thing once although several entries may tell of it.

    Where there is an empty line, None is yielded: nothing was written for a while.
    """
    before: dict[str, str] = {}
    for line in lines:
        if not line:
            yield None
        for one in _of_entry(parse_fields(line)):
            last = before.get(one.container)
            told = _told(one, last)
            if told is not None:
                before[one.container] = told.event
                yield told


def _told(one: Happening, last: str | None) -> Happening | None:
    """Return what is told of a happening, given what was told of the container before; None for what is known."""
    match one.event:
        case "ended":
            # With a job that stops it, systemd tells twice.
            return None if last in {_STOPPING, _STOPPED} else _as(one, _STOPPED)
        case "start-failed":
            return None if last in {_FAILED, _RESTARTING} else _as(one, _FAILED)
        case "failed" if one.source != "systemd" and last in {_FAILED, _RESTARTING, _STOPPED}:
            return None
        case _:
            return one


def _as(one: Happening, event: str) -> Happening:
    return Happening(time=one.time, container=one.container, event=event, source=one.source, message=one.message)


def _of_entry(fields: Mapping[str, str]) -> Iterator[Happening]:
    stamp, kind = fields.get("__REALTIME_TIMESTAMP", ""), fields.get("MESSAGE_ID", "")
    if not stamp.isdecimal():
        return
    time = int(stamp) / 1_000_000
    container = layout.container_of_unit(fields.get("UNIT", ""))
    # Only systemd itself and root may say so.
    if kind in OF_SYSTEMD and fields.get("_PID") == "1" and container is not None:
        reason = fields.get("UNIT_RESULT") or fields.get("JOB_RESULT")
        message = reason if OF_SYSTEMD[kind] in {_FAILED, _START_FAILED} else None
        yield Happening(time=time, container=container, event=OF_SYSTEMD[kind], source="systemd", message=message)
    elif kind == MESSAGE_ID and fields.get("_UID") == "0":
        yield from _of_ours(fields, time)


def _of_ours(fields: Mapping[str, str], time: float) -> Iterator[Happening]:
    event = _OURS.get(fields.get("EXTRA_CONTAINER_EVENT", ""))
    try:
        line = loads(fields.get("EXTRA_CONTAINER_JSON", ""))
    except ValueError:
        return
    if event is None or not isinstance(line, dict) or line.get("left", Left.REMOVED.value) != Left.REMOVED.value:
        return
    message = str(line["message"]) if "message" in line else None
    if event == _UPDATED and line.get("code") not in {0, None}:
        event, message = _FAILED, f"the update ended with code {line['code']}"
    names = line.get("names") or [line.get("container")]
    for name in names if isinstance(names, list) else []:
        yield Happening(
            time=time, container=str(name), event=event, source="extra-container", message=message, run=line.get("run")
        )
