"""Generations on the disk.

A generation is there when its links are there, and gone when one of them is. They are made and undone together with
what is installed. What links cannot say stands in a file for each generation, written before them; without its links,
that file means nothing. The highest number that was given stands in a file, too, so that none is given twice.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extra_container.generations import places, values
from extra_container.generations.places import CONF, PARTS, SYSTEM, UNIT
from extra_container.generations.values import Generation, History, Verdict
from extra_container.json_text import loads
from extra_container.model import layout
from extra_container.model.frozen import replace
from extra_container.model.values import FileOps, Link, MakeDirectory, RemoveTree
from extra_container.state import files, installed, private
from extra_container.state.names import known

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from extra_container.model.host import Host
    from extra_container.model.values import InstalledContainer

_VERSION = 1
_LAST = "last"


def read(name: str, host: Host) -> History:
    """Return all generations of a container. What only root may know is missing for others. Raises OSError."""
    return of(name, installed.find(name, host.gc_roots), host)


def of(name: str, present: InstalledContainer | None, host: Host) -> History:
    """Return all generations of a container of which ``present`` is installed, see :func:`read`."""
    links = _links(name, host)
    found = tuple(_generation(name, number, parts, host) for number, parts in sorted(links.items()) if _whole(parts))
    return History(
        container=name,
        generations=found,
        current=_current(name, found, present, host),
        last=max([_last(name, host), *links]),
    )


def iterate(host: Host) -> Iterator[History]:
    """Yield the history of each container that has one, sorted by name. Raises OSError."""
    present = installed.read(host.gc_roots)
    for name in names(host):
        yield of(name, present.get(name), host)


def names(host: Host) -> list[str]:
    """Return the containers that have generations, sorted; some may not be installed any more. Raises OSError."""
    try:
        return sorted(entry.name for entry in os.scandir(places.profiles(host)) if known(entry.name))
    except FileNotFoundError:
        return []


def prepare(one: Generation, host: Host) -> FileOps:
    """Write down what links cannot say of a generation, and return what makes its links.

    Its number is given to no other one from then on. Raises OSError.
    """
    directory = places.records(host) / one.container
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    places.records(host).chmod(0o700)
    private.write(directory / _LAST, str(max(one.number, _last(one.container, host))))
    _write(one, host)
    profile = places.profile(one.container, host)
    targets = {UNIT: one.unit, CONF: one.conf, SYSTEM: one.system or one.conf}
    return (
        MakeDirectory(path=profile),
        *(Link(path=profile / places.link_name(part, one.number), target=target) for part, target in targets.items()),
    )


def select(name: str, number: int, host: Host) -> FileOps:
    """Return what makes a generation the one that is installed. Pure."""
    link = places.profile(name, host) / SYSTEM
    return (Link(path=link, target=Path(places.link_name(SYSTEM, number))),)


def mark(name: str, number: int, verdict: Verdict, host: Host, reason: str = "") -> None:
    """Remember how a container did with a generation. Raises OSError."""
    parts = _links(name, host).get(number, {})
    if _whole(parts):
        one = _generation(name, number, parts, host)
        if (one.verdict, one.reason) != (verdict, reason):
            (places.records(host) / name).mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(replace(one, verdict=verdict, reason=reason), host)


def remove(name: str, numbers: Collection[int], host: Host) -> None:
    """Remove generations; what nothing else keeps may be collected then. Raises OSError."""
    for number in sorted(numbers):
        for part in PARTS:  # the first link that is gone makes the generation one that is not there
            (places.profile(name, host) / places.link_name(part, number)).unlink(missing_ok=True)
        _file(name, number, host).unlink(missing_ok=True)


def tidy(name: str, host: Host) -> None:
    """Remove what belongs to no generation: of runs that were broken off or taken back, or of other tools' clean-ups.

    The caller holds the lock. Raises OSError.
    """
    links = _links(name, host)
    remove(name, [number for number, parts in links.items() if not _whole(parts)], host)
    profile, records = places.profile(name, host), places.records(host) / name
    for entry in _entries(profile):
        if places.is_temporary(entry):
            (profile / entry).unlink(missing_ok=True)
    for entry in _entries(records):
        number = entry.partition(".")[0]
        gone = number.isdecimal() and not _whole(links.get(int(number), {}))
        if gone or entry.endswith(private.DRAFT):
            (records / entry).unlink(missing_ok=True)


def removal(name: str, host: Host) -> FileOps:
    """Return what removes all that is kept of a container. Pure."""
    return (RemoveTree(path=places.profile(name, host)), RemoveTree(path=places.records(host) / name))


def forget(name: str, host: Host) -> None:
    """Remove all that is kept of a container. Raises :class:`.InstallError`."""
    files.remove(removal(name, host))


def _links(name: str, host: Host) -> dict[int, dict[str, Path]]:
    """Return where the links of each generation lead, by part."""
    profile = places.profile(name, host)
    found: dict[int, dict[str, Path]] = {}
    for entry in _entries(profile):
        match places.parse(entry):
            case (part, number):
                with suppress(OSError):  # it is no link, or has just gone
                    found.setdefault(number, {})[part] = (profile / entry).readlink()
    return found


def _entries(directory: Path) -> list[str]:
    try:
        return [entry.name for entry in os.scandir(directory)]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _whole(parts: Mapping[str, Path]) -> bool:
    return len(parts) == len(PARTS)


def _generation(name: str, number: int, parts: Mapping[str, Path], host: Host) -> Generation:
    system = parts[SYSTEM]
    fields = _read(name, number, host)
    if "time" not in fields:
        fields["time"] = (places.profile(name, host) / places.link_name(SYSTEM, number)).lstat().st_mtime
    return Generation(
        container=name,
        number=number,
        unit=parts[UNIT],
        conf=parts[CONF],
        system=None if system == parts[CONF] else system,
        **fields,
    )


def _current(name: str, found: Iterable[Generation], present: InstalledContainer | None, host: Host) -> int | None:
    if present is None:
        return None
    equal = [one.number for one in found if one.is_of(present.unit, present.conf)]
    selected = None
    with suppress(OSError):
        selected = places.parse((places.profile(name, host) / SYSTEM).readlink().name)
    if selected is not None and selected[1] in equal:
        return selected[1]
    # `nix-env --rollback` leads the profile elsewhere, and changes no container.
    return equal[-1] if equal else None


def _file(name: str, number: int, host: Host) -> Path:
    return places.records(host) / name / f"{number}.json"


def _write(one: Generation, host: Host) -> None:
    document = {"version": _VERSION, "generation": values.as_json(one)}
    private.write(_file(one.container, one.number, host), json.dumps(document))


def _read(name: str, number: int, host: Host) -> dict[str, Any]:
    """Return what the file of a generation says; nothing without one that can be read and understood."""
    try:
        document = loads(_file(name, number, host).read_text(encoding="utf-8"))
        return values.fields(document["generation"]) if document["version"] == _VERSION else {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _last(name: str, host: Host) -> int:
    try:
        return int((places.records(host) / name / _LAST).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0


def system_of(settings: Mapping[str, str]) -> Path | None:
    """Return the system that a conf names, None if it is not in the store, as that of a flake. Pure."""
    system = Path(settings.get("SYSTEM_PATH", ""))
    return system if system.is_relative_to(layout.STORE) else None
