"""Running containers that are behind: what was installed while they ran, and did not reach them.

A record is written before the links of a running container are replaced, so that a broken-off or failed update is taken
up by the next one. It is about one instance of the container, known by its PID 1: what starts later has everything.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from enum import Enum
from pathlib import Path
from types import MappingProxyType

from extra_container import proc
from extra_container.json_text import loads
from extra_container.model.errors import InstallError
from extra_container.model.host import Host
from extra_container.model.plans import Change

# From the least to the greatest: a restart brings what an update would bring, too.
_RANKS = (Change.UNCHANGED, Change.SYSTEM, Change.NEW, Change.OTHER)


def greater(one: Change, other: Change) -> Change:
    """Return the change that includes both. Pure."""
    return max(one, other, key=_RANKS.index)


def read(running: Iterable[str], host: Host) -> Mapping[str, Change]:
    """Return what each of the running containers has not got yet; those that lack nothing are left out.

    Records of instances that have ended are removed. Raises OSError if a record can be neither read nor removed.
    """
    found: dict[str, Change] = {}
    for name in running:
        match _lacking(name, host):
            case Change() as change:
                found[name] = change
            case _Void.OVER:
                _record(name, host).unlink(missing_ok=True)
            case None:
                continue
    return MappingProxyType(found)


def look(running: Iterable[str], host: Host) -> Mapping[str, Change]:
    """Return what :func:`read` returns, and remove nothing. Raises OSError if a record cannot be read."""
    found = ((name, _lacking(name, host)) for name in running)
    return MappingProxyType({name: change for name, change in found if isinstance(change, Change)})


class _Void(Enum):
    OVER = "over"


def _lacking(name: str, host: Host) -> Change | _Void | None:
    """Return what a record says: ``OVER`` if it is of an instance that has ended, None if there is none."""
    try:
        entry = loads(_record(name, host).read_text(encoding="ascii"))
        change, instance = Change(entry["change"]), entry["instance"]
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        return _Void.OVER  # another version of the program wrote it
    # Without a PID 1 it was about to boot when the record was written.
    return change if instance is None or instance == _instance(name, host) else _Void.OVER


def write(name: str, change: Change, host: Host) -> None:
    """Remember what the running container has not got; ``UNCHANGED`` is nothing.

    Raises :class:`.InstallError`.
    """
    if change is Change.UNCHANGED:
        return forget((name,), host)
    record = _record(name, host)
    temporary = record.with_suffix(".new")
    lacking = Change.OTHER if change is Change.NEW else change
    try:
        record.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        temporary.write_text(json.dumps({"change": lacking.value, "instance": _instance(name, host)}), encoding="ascii")
        temporary.replace(record)
    except OSError as error:
        with suppress(OSError):  # the first error is the one to tell
            temporary.unlink(missing_ok=True)
        raise InstallError(f"Writing {record} failed: {error.strerror}", hint="Nothing was changed.") from error
    return None


def forget(names: Iterable[str], host: Host) -> None:
    """Remove the records of containers that are up to date, or do not run any more. Raises OSError."""
    for name in names:
        _record(name, host).unlink(missing_ok=True)


def sweep(present: Callable[[], Collection[str]], host: Host) -> None:
    """Remove the records of containers that are not installed, and what a killed run was writing. Raises OSError."""
    for record in leftovers(present, host):
        record.unlink(missing_ok=True)


def leftovers(present: Callable[[], Collection[str]], host: Host) -> list[Path]:
    """Return what :func:`sweep` would remove; ``present`` gives the installed containers. Raises OSError."""
    try:
        entries = list(os.scandir(_directory(host)))
    except (FileNotFoundError, NotADirectoryError):
        return []
    known = {_record(name, host).name for name in present()} if entries else set()
    return [Path(entry.path) for entry in entries if entry.name not in known]


def _directory(host: Host) -> Path:
    return host.runtime_directory / "pending"


def _record(name: str, host: Host) -> Path:
    return _directory(host) / f"{name}.json"


def _instance(name: str, host: Host) -> list[int] | None:
    """Return PID and start time of the container's PID 1: PIDs are used again. None if it has none."""
    leader = host.manager.leader(name)
    process = None if leader is None else proc.identify(leader)
    return None if process is None else [process.pid, process.started]
