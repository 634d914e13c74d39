"""Running containers that are behind: what was installed while they ran, and did not reach them.

A record is written before the links of a running container are replaced, so that a broken-off or failed update is taken
up by the next one. It is about one instance of the container, known by its PID 1: what starts later has everything.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from extra_container import proc
from extra_container.json_text import loads
from extra_container.model.errors import InstallError
from extra_container.model.host import Host, leaders
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
    found = _lacking(running, host)
    for name, change in found.items():
        if change is None:
            _record(name, host).unlink(missing_ok=True)
    return _known(found)


def look(running: Iterable[str], host: Host) -> Mapping[str, Change]:
    """Return what :func:`read` returns, and remove nothing. Raises OSError if a record cannot be read."""
    return _known(_lacking(running, host))


def _known(found: Mapping[str, Change | None]) -> Mapping[str, Change]:
    return MappingProxyType({name: change for name, change in found.items() if change is not None})


def _lacking(names: Iterable[str], host: Host) -> Mapping[str, Change | None]:
    """Return what the record of each container says that has one: None if it is of an instance that has ended."""
    entries = {name: entry for name in names if (entry := _entry(name, host)) is not None}
    found = instances([name for name, entry in entries.items() if entry.instance is not None], host)
    return {
        # Without a PID 1 it was about to boot when the record was written.
        name: entry.change if entry.instance is None or entry.instance == found.get(name) else None
        for name, entry in entries.items()
    }


class _Entry(NamedTuple):
    """What a record says; no change if another version of the program wrote it."""

    change: Change | None
    instance: proc.Process | None


def _entry(name: str, host: Host) -> _Entry | None:
    try:
        entry = loads(_record(name, host).read_text(encoding="ascii"))
        change, instance = Change(entry["change"]), entry["instance"]
        if instance is None:
            return _Entry(change, None)
        pid, started = instance
        return _Entry(change, proc.Process(pid=pid, started=started))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        return _Entry(None, None)


def write(changes: Mapping[str, Change], host: Host) -> None:
    """Remember what running containers have not got, by their names; ``UNCHANGED`` is nothing.

    Raises :class:`.InstallError`.
    """
    lacking = {name: change for name, change in changes.items() if change is not Change.UNCHANGED}
    forget(changes.keys() - lacking.keys(), host)
    found = instances(lacking, host)
    for name, change in lacking.items():
        _write(_record(name, host), Change.OTHER if change is Change.NEW else change, found.get(name))


def _write(record: Path, change: Change, instance: proc.Process | None) -> None:
    temporary = record.with_suffix(".new")
    entry = {"change": change.value, "instance": None if instance is None else [instance.pid, instance.started]}
    try:
        record.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        temporary.write_text(json.dumps(entry), encoding="ascii")
        temporary.replace(record)
    except OSError as error:
        with suppress(OSError):  # the first error is the one to tell
            temporary.unlink(missing_ok=True)
        raise InstallError(f"Writing {record} failed: {error.strerror}", hint="Nothing was changed.") from error


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


def instances(names: Iterable[str], host: Host) -> Mapping[str, proc.Process]:
    """Return PID 1 of each container that has one, with its start time: PIDs are used again."""
    pids = leaders(tuple(names), host.manager).items()
    return {name: init for name, pid in pids if pid is not None and (init := proc.identify(pid)) is not None}
