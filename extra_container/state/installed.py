"""What is installed: read from Nix' indirect GC roots, which every host keeps in the same place.

One root of a container leads to its unit link outside the store, one to its conf link.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from extra_container.model import layout
from extra_container.state.names import known

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from extra_container.model.host import Host
    from extra_container.model.values import Installed, InstalledContainer


def names(gc_roots: Path = layout.GC_ROOTS) -> list[str]:
    """Return the installed containers' names, sorted. Raises OSError if the directory cannot be read."""
    return sorted(name for name, _ in _unit_links(gc_roots))


def read(gc_roots: Path = layout.GC_ROOTS) -> Installed:
    """Return the installed containers by name. Raises OSError if the directory cannot be read."""
    reader = _Reader()
    return MappingProxyType(
        {
            name: reader.read(name, unit_link, _target(layout.conf_gc_root(gc_roots, name)))
            for name, unit_link in _unit_links(gc_roots)
        }
    )


def has(name: str, gc_roots: Path = layout.GC_ROOTS) -> bool:
    """Whether a container is one of :func:`names`; no other one is looked at. Raises OSError."""
    return _unit_link(name, gc_roots) is not None


def find(name: str, gc_roots: Path = layout.GC_ROOTS) -> InstalledContainer | None:
    """Return what :func:`read` has of one container, None if it is not installed. Raises OSError."""
    return find_all((name,), gc_roots).get(name)


def find_all(wanted: Iterable[str], gc_roots: Path = layout.GC_ROOTS) -> Installed:
    """Return what :func:`read` has of some containers; nothing of others is read. Raises OSError."""
    reader = _Reader()
    links = {name: link for name in wanted if (link := _unit_link(name, gc_roots)) is not None}
    return MappingProxyType(
        {name: reader.read(name, link, _target(layout.conf_gc_root(gc_roots, name))) for name, link in links.items()}
    )


def read_traces(host: Host) -> Installed:
    """Return every container of which this program left anything on a host: the installed ones, and parts of others.

    An installation or a removal that was broken off leaves one of the two GC roots, whose link may be gone, or a unit
    link into the store without any. What is gone is taken to have been where it usually is. Unit and conf of each are
    read when it is asked for first. Raises OSError if the directory of the roots cannot be read.
    """
    units, confs = _trace_links(host)
    if host.conf_directory is not None:
        confs = {name: host.conf_directory / layout.conf_name(name) for name in units} | confs
    return _ReadLater({name: (link, confs.get(name)) for name, link in units.items()})


def trace_names(host: Host) -> frozenset[str]:
    """Return the names of :func:`read_traces`; no unit and no conf is read. Raises OSError."""
    return frozenset(_trace_links(host)[0])


def as_if(
    name: str, links: Mapping[Path, Path | None], present: InstalledContainer | None
) -> InstalledContainer | None:
    """Return what would be installed of a container if some links led elsewhere, or were gone (None).

    ``present`` is what is installed of it.
    """
    from extra_container.model.frozen import replace

    unit_link = next((link for link in links if link.name == layout.unit_name(name) and not layout.pulls(link)), None)
    conf_link = next((link for link in links if link.name == layout.conf_name(name)), None)
    changed = present
    if unit_link is not None:
        if links[unit_link] is None:
            return None
        changed = _Reader().read(name, unit_link, conf_link, links)
    if changed is None:
        return None
    pulled = set(changed.pulled_in_by)
    auto_started = changed.auto_started
    for link, target in links.items():
        if layout.pulls(link):
            (pulled.discard if target is None else pulled.add)(link.parent.name)
        if link == changed.wants_link:
            auto_started = target is not None
    return replace(changed, auto_started=auto_started, pulled_in_by=tuple(sorted(pulled)))


def _trace_links(host: Host) -> tuple[dict[str, Path], dict[str, Path]]:
    """Return where unit links and conf links of containers are, or were, of which there are traces."""
    units: dict[str, Path] = {}
    confs: dict[str, Path] = {}
    for name, link, is_unit in _roots(host.gc_roots):
        (units if is_unit else confs)[name] = link
    for name in (*confs, *_strays(host.unit_directory)):
        units.setdefault(name, host.unit_directory / layout.unit_name(name))
    return units, confs


def _unit_link(name: str, gc_roots: Path) -> Path | None:
    """Return where the unit link of an installed container is, None if it is not installed."""
    if not known(name):
        return None
    root = layout.gc_root(gc_roots, name)
    link = _target(root)
    if link is None or layout.rooted(root.name, link) != (name, True):
        return None
    return link if _is_link(link) else None


def _unit_links(gc_roots: Path) -> Iterator[tuple[str, Path]]:
    for name, link, is_unit in _roots(gc_roots):
        # A unit link that is gone means that the container is not installed.
        if is_unit and _is_link(link):
            yield name, link


def _roots(gc_roots: Path) -> Iterator[tuple[str, Path, bool]]:
    """Return the containers of our GC roots, each with where the root leads, and whether that is the unit link."""
    try:
        entries = [entry.name for entry in os.scandir(gc_roots)]
    except FileNotFoundError:
        return
    for entry in entries:
        link = _target(gc_roots / entry) if layout.may_be_rooted(entry) else None
        found = None if link is None else layout.rooted(entry, link)
        # No container can have the name of what somebody else put here.
        if link is not None and found is not None and known(found[0]):
            yield found[0], link, found[1]


def _strays(unit_directory: Path) -> Iterator[str]:
    """Return the containers whose unit links lead into the store.

    Units of the host's packages are files, and NixOS' links do not lead into the store straight away.
    """
    for link in unit_directory.glob(layout.unit_name("*")):
        name = layout.container_of_unit(link.name)
        target = _target(link)
        if name is not None and known(name) and target is not None and target.is_relative_to(layout.STORE):
            yield name


class _Reader:
    """Reads containers; what belongs to all units of a directory is looked at once."""

    def __init__(self) -> None:
        self._pulled: dict[Path, Mapping[str, tuple[str, ...]]] = {}

    def read(
        self,
        name: str,
        unit_link: Path,
        conf_link: Path | None,
        links: Mapping[Path, Path | None] = MappingProxyType({}),
    ) -> InstalledContainer:
        """Return a container whose links are known; those of ``links`` count as if they led there."""
        # They are late because `list` needs neither and should be as quick as it can.
        from extra_container.model.values import InstalledContainer
        from extra_container.state import unit
        from extra_container.state.environment_file import parse_environment_file

        if (directory := unit_link.parent) not in self._pulled:
            self._pulled[directory] = unit.pulled_in_by(directory)
        conf_link = conf_link or layout.CONF_DIRECTORIES[0] / layout.conf_name(name)
        unit_file, conf_file = (links[link] if link in links else _target(link) for link in (unit_link, conf_link))
        unit_text = _text(links.get(unit_link) or unit_link)
        conf_text = _text(links.get(conf_link) or conf_link)
        return InstalledContainer(
            name=name,
            unit_link=unit_link,
            conf_link=conf_link,
            unit=unit_file,
            conf=conf_file,
            unit_text=unit_text,
            conf_text=conf_text,
            settings=MappingProxyType(parse_environment_file(conf_text)),
            auto_started=layout.wants_link(unit_link).is_symlink(),
            pulled_in_by=self._pulled[directory].get(unit_link.name, ()),
            restart_triggers=unit.restart_triggers(unit_text),
        )


class _ReadLater(Mapping[str, "InstalledContainer"]):
    """Containers by name, of which ``links`` are those to unit and conf; each is read once, when it is asked for."""

    def __init__(self, links: Mapping[str, tuple[Path, Path | None]]) -> None:
        self._links = links
        self._reader = _Reader()
        self._read: dict[str, InstalledContainer] = {}

    def __getitem__(self, name: str) -> InstalledContainer:
        if name not in self._read:
            self._read[name] = self._reader.read(name, *self._links[name])
        return self._read[name]

    def __contains__(self, name: object) -> bool:
        return name in self._links

    def __iter__(self) -> Iterator[str]:
        return iter(self._links)

    def __len__(self) -> int:
        return len(self._links)


def _target(link: Path) -> Path | None:
    """Return where a link leads, None for all that is no link or has just gone."""
    try:
        return link.readlink()
    except OSError as error:
        if error.errno in {errno.EINVAL, errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP}:
            return None
        raise


def _is_link(path: Path) -> bool:
    return _target(path) is not None


def _text(path: Path) -> str:
    from extra_container.state import text_file

    try:
        return text_file.read(path, errors="replace")
    except OSError:
        # A dangling link, a masked unit, a FIFO: there is nothing to compare with, so the container counts as changed.
        return ""
