"""Removing a directory: everything below it, and nothing else.

The tree of a container belonged to the container's root, so it may hold links to anywhere; the host may have mounted
something into it, whose contents must survive; and somebody may change it, or mount more, while it is removed. So no
path is trusted: what is removed is reached through open descriptors, a link is never followed, and what was reached
through another mount is left alone.

All of it happens in this process: what is killed does not go on.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from extra_container.model.errors import InstallError
from extra_container.model.frozen import dataclass
from extra_container.trees.mounts import MountedError, mount_number, refuse_mounts, umount_hint, unmount_below
from extra_container.trees.walk import ENTERED, TreeWalk


def _go_on() -> None:
    pass


def remove_tree(path: Path, *, unmounting: bool = True, heed: Callable[[], None] = _go_on) -> None:
    """Remove a directory with all below it, or a file; nothing there is fine.

    Mounts below it are unmounted before anything is removed. Links are removed and never followed, and so are immutable
    files (NixOS makes ``/var/empty`` one, in nested containers too). The directories above it may be links. ``heed`` is
    called before each removal; what it raises ends it all.

    Raises :class:`.MountedError` if ``path`` is a mount, if a mount below it is busy or, without ``unmounting``, is
    there at all, and if something is mounted meanwhile; :class:`.InstallError` if ``path`` is a link, or for what
    cannot be removed. Either way it can be repeated.
    """
    with _found(path) as found:
        if found is None:
            return
        if not found.is_directory:
            os.unlink(path.name, dir_fd=found.above)
            return
        walk = TreeWalk(path, found.above, os.open(path.name, ENTERED, dir_fd=found.above), heed)
        try:
            walk.check_mount()
            if unmounting:
                unmount_below(walk.tree, path)
            refuse_mounts(walk.tree, path)
            walk.remove()
        finally:
            walk.close()


def move_tree(path: Path, name: str) -> bool:
    """Give a directory another name in the directory that it stands in; return whether it has that now.

    Mounts below it are unmounted before, as by :func:`remove_tree`, and what that refuses is refused with the same
    errors. False if nothing is there, or the system does not rename it: an immutable directory, a read-only place.
    """
    with _found(path) as found:
        if found is None or not found.is_directory:
            return False
        tree = os.open(path.name, ENTERED, dir_fd=found.above)
        try:
            if mount_number(tree) != mount_number(found.above):
                return False  # mounted since
            unmount_below(tree, path)
            refuse_mounts(tree, path)
        finally:
            os.close(tree)
        try:
            os.rename(path.name, name, src_dir_fd=found.above, dst_dir_fd=found.above)
        except OSError:
            return False
        return True


def check_tree(path: Path) -> None:
    """Raise :class:`.InstallError` for a link and a mount, which :func:`remove_tree` does not remove."""
    with _found(path):
        pass


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What stands at a path: ``above`` is the descriptor of the directory that it stands in."""

    above: int
    is_directory: bool


@contextmanager
def _found(path: Path) -> Iterator[_Found | None]:
    """Give what is to be removed, None if nothing is there; errors of the system name the path."""
    if path.name in {"", ".."}:
        raise InstallError(f"{path} is not the name of a directory that could be removed")
    try:
        above = _open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            yield None if above is None else _look(path, above)
        finally:
            if above is not None:
                os.close(above)
    except OSError as error:
        raise InstallError(f"Removing {path} failed: {error.strerror}") from error


def _look(path: Path, above: int) -> _Found | None:
    seen = _open(path.name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, above)
    if seen is None:
        return None
    try:
        mode = os.fstat(seen).st_mode
        is_mount = mount_number(seen) != mount_number(above)
    finally:
        os.close(seen)
    if stat.S_ISLNK(mode):
        raise InstallError(f"{path} is a symbolic link", hint=f"Remove it by hand if it is not needed: rm {path}")
    if is_mount:
        raise MountedError(f"{path} is a mount point", hint=umount_hint(path))
    return _Found(above=above, is_directory=stat.S_ISDIR(mode))


def _open(path: Path | str, flags: int, directory: int | None = None) -> int | None:
    """Return a descriptor, None if nothing is there."""
    try:
        return os.open(path, flags, dir_fd=directory)
    except (FileNotFoundError, NotADirectoryError):
        return None
