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

    from extra_container.model import Installed, InstalledContainer

PREFIX = "extra-container-"
GC_ROOTS = Path("/nix/var/nix/gcroots/auto")


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


def _unit_links(gc_roots: Path) -> Iterator[tuple[str, Path]]:
    try:
        entries = list(os.scandir(gc_roots))
    except FileNotFoundError:
        return
    for entry in entries:
        if not entry.name.startswith(PREFIX) or not entry.is_symlink():
            continue
        link = Path(entry.path).readlink()
        name = entry.name.removeprefix(PREFIX)
        # `NAME.conf` roots lead to a conf; a unit link that is gone means that the container is not installed.
        if link.name == unit_name(name) and link.is_symlink():
            yield name, link


def _read_one(name: str, unit_link: Path, conf_link: Path | None) -> InstalledContainer:
    # Both are late because `list` needs neither and should be as quick as it can.
    from extra_container.environment_file import parse_environment_file
    from extra_container.model import InstalledContainer

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
