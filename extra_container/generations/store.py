"""Generations on the disk.

A generation is there when its links are there, and gone when one of them is. They are made and undone together with
what is installed. What links cannot say stands in a file for each generation, written before them; without its links,
that file means nothing. The highest number that was given stands in a file, too, so that none is given twice.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extra_container.generations import places, values
from extra_container.generations.places import CONF, PARTS, SYSTEM, UNIT
from extra_container.generations.values import Generation, History, Verdict
from extra_container.json_text import loads
from extra_container.model import layout
from extra_container.model.frozen import replace
from extra_container.model.values import FileOps, Link, MakeDirectory
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
    read = (_generation(name, number, host) for number, whole in sorted(_numbers(name, host).items()) if whole)
    found = tuple(one for one in read if one is not None)
    unit, conf = (None, None) if present is None else (present.unit, present.conf)
    return History(
        container=name, generations=found, current=_current(name, found, unit, conf, host), last=last(name, host)
    )


def current(name: str, unit: Path | None, conf: Path | None, host: Host) -> Generation | None:
    """Return the generation that is installed, of a container with that unit and conf; no other one is read.

    Raises OSError.
    """
    number = _selected(name, host)
    one = None if number is None else _generation(name, number, host)
    if one is not None and one.is_of(unit, conf):
        return one
    found = [one for number in sorted(_numbers(name, host)) if (one := _generation(name, number, host)) is not None]
    return next((one for one in reversed(found) if one.is_of(unit, conf)), None)


def newest(name: str, host: Host) -> Generation | None:
    """Return the newest generation of a container, None if it has none; no other one is read. Raises OSError."""
    for number, whole in sorted(_numbers(name, host).items(), reverse=True):
        if whole and (one := _generation(name, number, host)) is not None:
            return one
    return None


def selected_since(name: str, host: Host) -> float | None:
    """Return when the generation that is installed was made that one, in seconds since the epoch; None if unknown."""
    with suppress(OSError):
        return (places.profile(name, host) / SYSTEM).lstat().st_mtime
    return None


def last(name: str, host: Host) -> int:
    """Return the highest number that was ever given to a generation of a container, 0 if none was. Raises OSError."""
    try:
        written = int((places.records(host) / name / _LAST).read_text(encoding="ascii"))
    except (OSError, ValueError):
        written = 0
    return max([written, *_numbers(name, host)])


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
    private.write(directory / _LAST, str(max(one.number, last(one.container, host))))
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
    one = _generation(name, number, host)
    if one is not None and (one.verdict, one.reason) != (verdict, reason):
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
    numbers = _numbers(name, host)
    remove(name, [number for number, whole in numbers.items() if not whole], host)
    profile, records = places.profile(name, host), places.records(host) / name
    for entry in _entries(profile):
        if places.is_temporary(entry):
            (profile / entry).unlink(missing_ok=True)
    for entry in _entries(records):
        number = entry.partition(".")[0]
        gone = number.isdecimal() and not numbers.get(int(number))
        if gone or entry.endswith(private.DRAFT):
            (records / entry).unlink(missing_ok=True)


def forget(name: str, host: Host) -> None:
    """Remove all that is kept of a container. Raises :class:`.InstallError`."""
    files.remove(places.removal(name, host))


def _numbers(name: str, host: Host) -> dict[int, bool]:
    """Return the numbers of which there are links, each with whether all of them are there."""
    found = Counter(match[1] for entry in _entries(places.profile(name, host)) if (match := places.parse(entry)))
    return {number: count == len(PARTS) for number, count in found.items()}


def _entries(directory: Path) -> list[str]:
    try:
        return [entry.name for entry in os.scandir(directory)]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _generation(name: str, number: int, host: Host) -> Generation | None:
    """Return a generation, None if one of its links is not there."""
    links = {part: places.profile(name, host) / places.link_name(part, number) for part in PARTS}
    try:
        parts = {part: link.readlink() for part, link in links.items()}
        fields = _read(name, number, host)
        if "time" not in fields:
            fields["time"] = links[SYSTEM].lstat().st_mtime
    except OSError:
        return None  # it is no link, or has just gone
    system = None if parts[SYSTEM] == parts[CONF] else parts[SYSTEM]
    return Generation(container=name, number=number, unit=parts[UNIT], conf=parts[CONF], system=system, **fields)


def _selected(name: str, host: Host) -> int | None:
    """Return the number of the generation that the profile leads to."""
    with suppress(OSError):
        found = places.parse((places.profile(name, host) / SYSTEM).readlink().name)
        return None if found is None else found[1]
    return None


def _current(name: str, found: Iterable[Generation], unit: Path | None, conf: Path | None, host: Host) -> int | None:
    equal = [one.number for one in found if one.is_of(unit, conf)]
    selected = _selected(name, host)
    # `nix-env --rollback` leads the profile elsewhere, and changes no container.
    return selected if selected in equal else equal[-1] if equal else None


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


def system_of(settings: Mapping[str, str]) -> Path | None:
    """Return the system that a conf names, None if it is not in the store, as that of a flake. Pure."""
    system = Path(settings.get("SYSTEM_PATH", ""))
    return system if system.is_relative_to(layout.STORE) else None
