"""The records: one file a container, where only root may read, since definitions may hold what is secret.

A file tells of what is installed, and of what was installed before. The one counts whose unit and conf are
those of the installed container: a run that was broken off, or taken back, needs no other care.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.json_text import loads
from extra_container.model.frozen import replace
from extra_container.provenance import values
from extra_container.provenance.values import Provenance
from extra_container.state import installed, private

if TYPE_CHECKING:
    from extra_container.model.host import Host
    from extra_container.model.values import InstalledContainer

_VERSION = 1
# What is to be installed, what is, and what a run that was broken off replaced.
_MOST = 3


def write(found: Mapping[str, Provenance], host: Host) -> None:
    """Remember where containers come from that are about to be installed. Raises OSError."""
    if not found:
        return
    directory = _directory(host)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, one in found.items():
        earlier = _read(name, host)
        if earlier and _same(earlier[0], one):
            continue
        entries = [one, *(other for other in earlier if not other.is_of(one.unit, one.conf))][:_MOST]
        document = {"version": _VERSION, "known": [values.as_json(entry) for entry in entries]}
        private.write(_file(name, host), json.dumps(document))


def read(container: InstalledContainer, host: Host) -> Provenance | None:
    """Return where an installed container came from; None if nobody knows, or only root may."""
    try:
        entries = _read(container.name, host)
    except OSError:
        return None
    return next((one for one in entries if one.is_of(container.unit, container.conf)), None)


def members(set_name: str, host: Host) -> frozenset[str]:
    """Return the containers that belong to a set, those of which only a part is left included. Raises OSError."""
    try:
        names = [entry.name.removesuffix(".json") for entry in os.scandir(_directory(host))]
    except FileNotFoundError:
        return frozenset()
    read = {name: _read(name, host) for name in names}
    known = {name: entries for name, entries in read.items() if any(one.set_name == set_name for one in entries)}
    present = installed.read_traces(host) if known else {}
    return frozenset(
        name for name, entries in known.items() if name in present and _set_of(present[name], entries) == set_name
    )


def _set_of(container: InstalledContainer, entries: Sequence[Provenance]) -> str | None:
    if container.unit is None or container.conf is None:
        return entries[0].set_name  # a removal was broken off
    return next((one.set_name for one in entries if one.is_of(container.unit, container.conf)), None)


def prune(host: Host) -> None:
    """Forget where containers came from of which nothing is left any more. Raises OSError."""
    try:
        entries = list(os.scandir(_directory(host)))
    except FileNotFoundError:
        return
    present = frozenset(installed.names(host.gc_roots))
    if any(entry.name.removesuffix(".json") not in present for entry in entries):
        present = installed.trace_names(host)
    kept = [entry for entry in entries if entry.name.removesuffix(".json") in present]
    for entry in entries:
        if entry not in kept:
            Path(entry.path).unlink(missing_ok=True)
    if not kept:
        _directory(host).rmdir()


def _same(one: Provenance, other: Provenance) -> bool:
    return replace(one, time=0.0) == replace(other, time=0.0)


def _read(name: str, host: Host) -> list[Provenance]:
    """Return what is known of a container, the newest first; none where another version wrote them. Raises OSError."""
    try:
        document = loads(_file(name, host).read_text(encoding="utf-8"))
        if document["version"] != _VERSION:
            return []
        return [values.from_json(entry) for entry in document["known"]]
    except FileNotFoundError:
        return []
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def _directory(host: Host) -> Path:
    return host.state_directory / "definitions"


def _file(name: str, host: Host) -> Path:
    return _directory(host) / f"{name}.json"
