"""Where on a host what belongs to a container stands: names made and parsed, and nothing read.

Source: ``nixos/modules/virtualisation/nixos-containers.nix`` and ``nixos/lib/systemd-lib.nix`` of nixpkgs. The GC roots
are those of the bash tool, so that its containers are found as well.
"""

from __future__ import annotations

import re
from pathlib import Path

# The state version of the evaluated host part decides: 22.05 introduced the first one.
CONF_DIRECTORIES = (Path("/etc/nixos-containers"), Path("/etc/containers"))
# What containers keep, in the order of their confs.
STATE_DIRECTORIES = (Path("/var/lib/nixos-containers"), Path("/var/lib/containers"))
# Nix' directory of indirect roots.
GC_ROOTS = Path("/nix/var/nix/gcroots/auto")
STORE = Path("/nix/store")
STATE = Path("/nix/var/nix")

# What containers build and keep for themselves; the units' start scripts make a directory for each in these.
PER_CONTAINER = (STATE / "profiles/per-container", STATE / "gcroots/per-container")

_UNIT = re.compile(r"container@(.+)\.service")
_CONF = ".conf"
_PULLING = frozenset({".wants", ".requires", ".upholds"})
_GC_ROOT = "extra-container-"
_ASIDE = ".aside"
_DISCARDED = re.compile(r"\.(.+)\.([0-9]{1,10})-([0-9]{1,20})-[0-9a-f]{8}\.removed")


def unit_name(name: str) -> str:
    """Return the unit of a container. ``name`` is used as it is: the unit's scripts rely on a raw ``%i``."""
    return f"container@{name}.service"


def container_of_unit(unit: str) -> str | None:
    """Return the container that a unit's name is for, None if it is another unit."""
    match = _UNIT.fullmatch(unit)
    return match[1] if match else None


def conf_name(name: str) -> str:
    """Return the file name of a container's conf."""
    return f"{name}{_CONF}"


def aside(directory: Path) -> Path:
    """Return where a directory of a container is put when another one takes its place.

    No container can have that name, and what has it belongs to nobody as soon as nobody holds the machine's lock.
    """
    return directory.with_name(f".{directory.name}{_ASIDE}")


def is_aside(file_name: str) -> bool:
    """Tell whether a directory of this name is one that :func:`aside` names."""
    return file_name.startswith(".") and file_name.endswith(_ASIDE)


def discarded(directory: Path, name: str, pid: int, started: int, chance: str) -> Path:
    """Return what a directory of the container ``name`` is called while it is removed, when its own name is free.

    ``pid`` and ``started`` are the process, as :class:`.proc.Process` has it, that renames it; ``chance``, eight
    hexadecimal digits, tells it from others. No container can have that name.
    """
    return directory.with_name(f".{name}.{pid}-{started}-{chance}.removed")


def discarded_by(file_name: str) -> tuple[str, int, int] | None:
    """Return whose a directory was that :func:`discarded` names, and by which process; None if it is another one."""
    match = _DISCARDED.fullmatch(file_name)
    return None if match is None else (match[1], int(match[2]), int(match[3]))


def places_of_data(root: Path) -> tuple[Path, ...]:
    """Return the directories in which containers keep things, on a host whose file system has its root there."""
    return tuple(root / place.relative_to("/") for place in (*STATE_DIRECTORIES, *PER_CONTAINER))


def wants_directory(unit_directory: Path) -> Path:
    """Return the directory of the links that make ``machines.target`` start containers."""
    return unit_directory / "machines.target.wants"


def wants_link(unit_link: Path) -> Path:
    """Return the link that makes ``machines.target`` start the container of a unit link."""
    return wants_directory(unit_link.parent) / unit_link.name


def pulling_link(unit_link: Path, directory: str) -> Path:
    """Return the link in a directory like ``app.service.requires`` that starts a unit along with ``app.service``."""
    return unit_link.parent / directory / unit_link.name


def pulls(link: Path) -> bool:
    """Whether a link stands where one starts a unit along with another; see ``Wants=`` of systemd.unit(5)."""
    return link.parent.suffix in _PULLING


def gc_root(gc_roots: Path, name: str) -> Path:
    """Return the GC root that leads to a container's unit link."""
    return gc_roots / f"{_GC_ROOT}{name}"


def conf_gc_root(gc_roots: Path, name: str) -> Path:
    """Return the GC root that leads to a container's conf link."""
    return gc_roots / f"{_GC_ROOT}{name}{_CONF}"


def container_of_conf(file_name: str) -> str | None:
    """Return the container that a file of this name is the conf of, None if it is another file."""
    name = file_name.removesuffix(_CONF)
    return name if name and name != file_name else None


def container_of_conf_root(root: str) -> str | None:
    """Return the container whose conf a GC root of that name keeps, None if it is another root."""
    if root.startswith(_GC_ROOT) and root.endswith(_CONF):
        return root.removeprefix(_GC_ROOT).removesuffix(_CONF)
    return None


def may_be_rooted(root: str) -> bool:
    """Whether the GC root of a container may have that name."""
    return root.startswith(_GC_ROOT)


def rooted(root: str, link: Path) -> tuple[str, bool] | None:
    """Return the container that a GC root is of, and whether ``link``, where it leads, is its unit link.

    ``root`` is the name of the root. None if it is no root of a container, or leads to something else of that name.
    """
    if not may_be_rooted(root):
        return None
    name = root.removeprefix(_GC_ROOT)
    if link.name == unit_name(name):
        return name, True
    return (name.removesuffix(_CONF), False) if link.name == name and name.endswith(_CONF) else None


def is_of_container(file_name: str) -> bool:
    """Tell whether a file of this name in one of the directories is a unit link, a conf link or a GC root."""
    return container_of_unit(file_name) is not None or file_name.endswith(_CONF) or file_name.startswith(_GC_ROOT)


def conf_directory_of(unit_text: str) -> Path:
    """Return the directory from which a unit reads its conf, as its text says; today's if it says nothing."""
    named = (place for place in CONF_DIRECTORIES if f"{place}/" in unit_text)
    return next(named, CONF_DIRECTORIES[0])


def container_root(unit_text: str, conf_directory: Path, name: str) -> Path:
    """Return the directory that is a container's ``/``, as the unit (``Environment=root=…``) or else the layout says.

    ``conf_directory`` is where the unit's conf stands.
    """
    for line in unit_text.splitlines():
        key, _, value = line.strip().partition("=")
        value = value.strip('"')
        if key == "Environment" and value.startswith("root="):
            root = Path(value.removeprefix("root=").replace("%i", name))
            # A directory of somebody else would be removed with the container.
            if root.name == name:
                return root
    return STATE_DIRECTORIES[conf_directory.name == "containers"] / name
