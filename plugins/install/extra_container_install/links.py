"""Which links and GC roots make a container installed, and what it leaves behind."""

from __future__ import annotations

from pathlib import Path

from extra_container.plugin import (
    BuiltContainer,
    Change,
    Difference,
    FileOp,
    Host,
    InstalledContainer,
    InstallItem,
    Link,
    MakeDirectory,
    Remove,
    RemoveTree,
    layout,
)
from extra_container_install.differences import differences_of

_NSPAWN = Path("/run/systemd/nspawn")


def plan_one(container: BuiltContainer, host: Host, old: InstalledContainer | None) -> InstallItem:
    """Return the links that put a container in place of the installed one."""
    unit_link = host.unit_directory / layout.unit_name(container.name)
    conf_link = (host.conf_directory or container.conf_directory) / layout.conf_name(container.name)
    differences = () if old is None else differences_of(container, old, unit_link, conf_link)
    change = _change(container, old, differences)
    ops: list[FileOp] = []
    if change is not Change.UNCHANGED:
        if old is not None:
            places = ((old.unit_link, unit_link), (old.conf_link, conf_link))
            ops += [Remove(path=before) for before, now in places if before != now]
        ops += [
            # The start script would make it readable by everybody, and with it the set-uid files of containers.
            MakeDirectory(path=container.root.parent, mode=0o700),
            MakeDirectory(path=conf_link.parent),
            MakeDirectory(path=unit_link.parent),
            MakeDirectory(path=host.gc_roots),
            Link(path=conf_link, target=container.conf),
            Link(path=unit_link, target=container.unit),
            # Nix follows one hop from an indirect root; it deletes roots whose target is not there.
            Link(path=layout.conf_gc_root(host.gc_roots, container.name), target=conf_link),
            Link(path=layout.gc_root(host.gc_roots, container.name), target=unit_link),
        ]
    wanted = _pulling_links(container, unit_link) if host.auto_start else set()
    ops += _pulling_ops(wanted, set() if old is None else set(old.pulling_links))
    return InstallItem(container=container, change=change, ops=tuple(ops), differences=differences)


def _pulling_links(container: BuiltContainer, unit_link: Path) -> set[Path]:
    links = {layout.pulling_link(unit_link, directory) for directory in container.pulled_in_by}
    return links | ({layout.wants_link(unit_link)} if container.auto_start else set())


def _pulling_ops(wanted: set[Path], present: set[Path]) -> list[FileOp]:
    """Return what makes the links that start a container along with other units those that are wanted."""
    ops: list[FileOp] = [Remove(path=link) for link in sorted(present - wanted)]
    for link in sorted(wanted - present):
        ops += [MakeDirectory(path=link.parent), Link(path=link, target=Path("..") / link.name)]
    return ops


def _change(container: BuiltContainer, old: InstalledContainer | None, differences: tuple[Difference, ...]) -> Change:
    if old is None:
        return Change.NEW
    if not all(difference.live for difference in differences):
        return Change.OTHER
    if (old.unit, old.conf) == (container.unit, container.conf):
        return Change.UNCHANGED
    # A container of a flake (FLAKE=) names no system to switch to.
    return Change.SYSTEM if "SYSTEM_PATH" in container.settings else Change.OTHER


def destroy_one(container: InstalledContainer, host: Host, journal: Path) -> list[FileOp]:
    """Return what a container leaves behind, the GC roots last; ``journal`` is the directory of the host's journals."""
    root = container.root
    return [
        RemoveTree(path=root),
        # What stays behind when systemd-nspawn is killed: its locks, and the directory for mounts that it passes on.
        Remove(path=root.parent / f".#{container.name}.lck"),
        *(Remove(path=lock) for lock in _inode_locks(root)),
        RemoveTree(path=_NSPAWN / "propagate" / container.name),
        *(Remove(path=link) for link in _journal_links(root, journal)),
        *(RemoveTree(path=directory / container.name) for directory in layout.PER_CONTAINER),
        *(Remove(path=link) for link in sorted({container.wants_link, *container.pulling_links})),
        Remove(path=container.conf_link),
        Remove(path=container.unit_link),
        Remove(path=layout.conf_gc_root(host.gc_roots, container.name)),
        Remove(path=layout.gc_root(host.gc_roots, container.name)),
    ]


def _inode_locks(root: Path) -> list[Path]:
    """Return the lock that systemd-nspawn has for a directory beside the one at its path."""
    try:
        status = root.stat(follow_symlinks=False)
    except OSError:
        return []
    return [_NSPAWN / "locks" / f"inode-{status.st_dev}:{status.st_ino}"]


def _journal_links(root: Path, journal: Path) -> list[Path]:
    """Return the links that ``--link-journal=try-guest`` made on the host (systemd-nspawn(1)).

    They lead to the root as systemd-nspawn knows it, without links on the way.
    """
    if not journal.is_dir():
        return []
    roots = {root, root.parent.resolve() / root.name}
    links = (entry for entry in journal.iterdir() if entry.is_symlink())
    return [link for link in links if any(link.readlink().is_relative_to(place) for place in roots)]
