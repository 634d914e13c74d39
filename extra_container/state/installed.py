"""What is installed: read from Nix' indirect GC roots, which every host keeps in the same place.

``GC_ROOTS/extra-container-NAME`` links to the unit link outside the store, ``…-NAME.conf`` to the conf link. The bash
tool made the same two links, so its containers are found as well.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extra_container.model.host import Host
    from extra_container.model.values import Installed, InstalledContainer

PREFIX = "extra-container-"
GC_ROOTS = Path("/nix/var/nix/gcroots/auto")
_STORE = Path("/nix/store")
_CONF = ".conf"


def unit_name(name: str) -> str:
    """Return the unit of a container. ``name`` is used as it is: the unit's scripts rely on a raw ``%i``."""
    return f"container@{name}.service"


def names(gc_roots: Path = GC_ROOTS) -> list[str]:
    """Return the installed containers' names, sorted. Raises OSError if the directory cannot be read."""
    return sorted(name for name, _ in _unit_links(gc_roots))


def read(gc_roots: Path = GC_ROOTS) -> Installed:
    """Return the installed containers by name. Raises OSError if the directory cannot be read."""
    found = {}
    for name, unit_link in _unit_links(gc_roots):
        found[name] = _read_one(name, unit_link, _target(gc_roots / f"{PREFIX}{name}.conf"))
    return MappingProxyType(found)


def read_traces(host: Host) -> Installed:
    """Return every container of which this program left anything on a host: the installed ones, and parts of others.

    An installation or a removal that was broken off leaves one of the two GC roots, whose link may be gone, or a unit
    link into the store without any. What is gone is taken to have been where it usually is.
    """
    units: dict[str, Path] = {}
    confs: dict[str, Path] = {}
    for name, link in _roots(host.gc_roots):
        if link.name == unit_name(name):
            units[name] = link
        elif link.name == name and name.endswith(_CONF):
            confs[name.removesuffix(_CONF)] = link
    # Units of the host's packages are files, and NixOS' links do not lead into the store straight away.
    strays = (link for link in host.unit_directory.glob(unit_name("?*")) if link.is_symlink())
    stray_names = (link.name[len("container@") : -len(".service")] for link in strays if _leads_into_the_store(link))
    for name in (*confs, *stray_names):
        units.setdefault(name, host.unit_directory / unit_name(name))
    if host.conf_directory is not None:
        confs = {name: host.conf_directory / f"{name}{_CONF}" for name in units} | confs
    return MappingProxyType({name: _read_one(name, link, confs.get(name)) for name, link in units.items()})


def _unit_links(gc_roots: Path) -> Iterator[tuple[str, Path]]:
    for name, link in _roots(gc_roots):
        # `NAME.conf` roots lead to a conf; a unit link that is gone means that the container is not installed.
        if link.name == unit_name(name) and link.is_symlink():
            yield name, link


def _roots(gc_roots: Path) -> Iterator[tuple[str, Path]]:
    """Return what follows the prefix in the names of our GC roots, each with where the root leads."""
    try:
        entries = list(os.scandir(gc_roots))
    except FileNotFoundError:
        return
    for entry in entries:
        if entry.name.startswith(PREFIX) and entry.is_symlink():
            yield entry.name.removeprefix(PREFIX), Path(entry.path).readlink()


def _leads_into_the_store(link: Path) -> bool:
    return link.readlink().is_relative_to(_STORE)


def _read_one(name: str, unit_link: Path, conf_link: Path | None) -> InstalledContainer:
    # Both are late because `list` needs neither and should be as quick as it can.
    from extra_container.model.values import InstalledContainer
    from extra_container.state.environment_file import parse_environment_file

    conf_link = conf_link or Path("/etc/nixos-containers") / f"{name}.conf"
    conf_text = _text(conf_link)
    return InstalledContainer(
        name=name,
        unit_link=unit_link,
        conf_link=conf_link,
        unit=_target(unit_link),
        conf=_target(conf_link),
        unit_text=_text(unit_link),
        conf_text=conf_text,
        settings=MappingProxyType(parse_environment_file(conf_text)),
        auto_started=(unit_link.parent / "machines.target.wants" / unit_link.name).is_symlink(),
    )


def _target(link: Path) -> Path | None:
    return link.readlink() if link.is_symlink() else None


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        # A dangling link or a masked unit: there is nothing to compare with, so the container counts as changed.
        return ""
