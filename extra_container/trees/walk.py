"""Emptying a directory from below, through open descriptors only: no link is followed and no other mount is entered.

unlink(2) and rmdir(2) refuse mount points by themselves; a directory is entered only if it is on the tree's own mount.
The way up (``..``) is never taken, since a directory can be moved while it is emptied.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

from extra_container.model.errors import InstallError
from extra_container.trees.inode_flags import clear_flags, removable
from extra_container.trees.mounts import entry_mount_number, mount_number, mounted

ENTERED = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_SEEN = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
# How many directories are held open, however deep the tree is.
_HELD = 64
# How often one directory is listed: some file systems leave entries out while others are removed, and somebody may go
# on adding some.
_LISTINGS = 100


class _ChangedError(Exception):
    """A directory that is being emptied is not where it was."""


class _Level:
    """A directory that is being emptied, by its name in the one above.

    ``directory`` is its descriptor, None while it is not held; ``waiting`` are the directories in it.
    """

    __slots__ = ("directory", "listings", "name", "waiting")

    def __init__(self, name: str, directory: int | None) -> None:
        self.name = name
        self.directory = directory
        self.listings = 0
        self.waiting: list[str] = []

    def close(self) -> None:
        if self.directory is not None:
            os.close(self.directory)
            self.directory = None


class TreeWalk:
    """Removes one tree. ``tree`` is its descriptor, which :meth:`close` closes, ``above`` that of where it stands.

    ``path`` is its name for people. ``heed`` is called before each removal, and may raise to end it all.
    """

    def __init__(self, path: Path, above: int, tree: int, heed: Callable[[], None]) -> None:
        self.tree = tree
        self._heed = heed
        self._path = path
        self._above = above
        self._mount = mount_number(above)
        self._levels = [_Level(name=path.name, directory=tree)]

    def check_mount(self) -> None:
        """Raise :class:`.MountedError` if the directory that was entered last is on another mount."""
        if mount_number(self._held(len(self._levels) - 1)) != self._mount:
            raise mounted(self._place(), self._path)

    def remove(self) -> None:
        """Remove the tree. Raises :class:`.InstallError`, and :class:`.MountedError` for a mount point in it."""
        self._list()
        while self._levels:
            try:
                if self._levels[-1].waiting:
                    self._enter(self._levels[-1].waiting.pop())
                else:
                    self._leave()
            except _ChangedError:
                # What is reached by the names that are there is removed all the same.
                self._drop(1)
                self._list()

    def close(self) -> None:
        """Close all descriptors but the one above the tree."""
        self._drop(0)

    def _drop(self, depth: int) -> None:
        for level in self._levels[depth:]:
            level.close()
        del self._levels[depth:]

    def _enter(self, name: str) -> None:
        """Make a directory the lowest one."""
        try:
            directory = os.open(name, ENTERED, dir_fd=self._held(len(self._levels) - 1))
        except FileNotFoundError:
            return
        except OSError as error:
            if error.errno not in {errno.ENOTDIR, errno.ELOOP}:
                raise self._failed(error, name) from error
            self._unlink(name)
            return
        self._levels.append(_Level(name=name, directory=directory))
        self.check_mount()
        if len(self._levels) > _HELD + 1:
            self._levels[-_HELD - 1].close()
        self._list()

    def _list(self) -> None:
        """Remove what is in the lowest directory, and note the directories in it."""
        level = self._levels[-1]
        level.listings += 1
        if level.listings > _LISTINGS:
            raise InstallError(f"{self._place()} does not become empty", hint="End what writes to it and try again.")
        try:
            with os.scandir(self._held(len(self._levels) - 1)) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        level.waiting.append(entry.name)
                    else:
                        self._unlink(entry.name)
        except FileNotFoundError:
            return  # somebody else has removed it
        except OSError as error:
            raise self._failed(error) from error

    def _leave(self) -> None:
        """Remove the lowest directory, which was emptied."""
        depth = len(self._levels) - 1
        directory = self._held(depth - 1) if depth else self._above
        name = self._levels[-1].name
        try:
            self._remove(os.rmdir, name, directory)
        except OSError as error:
            if error.errno in {errno.ENOTEMPTY, errno.EEXIST}:
                self._list()
                return
            if error.errno == errno.EBUSY and entry_mount_number(name, directory) != self._mount:
                raise mounted(self._place(), self._path) from error
            if error.errno != errno.ENOTDIR or not depth:
                raise self._failed(error) from error
            self._levels[-2].waiting.append(name)  # it has become something else
        self._drop(depth)

    def _unlink(self, name: str) -> None:
        """Remove an entry of the lowest directory that is none itself."""
        directory = self._held(len(self._levels) - 1)
        try:
            self._remove(os.unlink, name, directory)
        except IsADirectoryError:
            self._levels[-1].waiting.append(name)
        except OSError as error:
            if error.errno == errno.EBUSY and entry_mount_number(name, directory) != self._mount:
                raise mounted(self._place(name), self._path) from error
            raise self._failed(error, name) from error

    def _remove(self, remove: Callable[..., None], name: str, directory: int) -> None:
        self._heed()
        try:
            try:
                remove(name, dir_fd=directory)
            except PermissionError as error:
                self._remove_protected(remove, name, directory, error)
        except FileNotFoundError:
            return

    def _remove_protected(
        self, remove: Callable[..., None], name: str, directory: int, reason: PermissionError
    ) -> None:
        seen = os.open(name, _SEEN, dir_fd=directory)
        try:
            if mount_number(seen) != self._mount:
                raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))  # the flags would be those of a file outside
            with removable(seen) as had_flags:
                directory_had_flags = directory != self._above and clear_flags(directory)
                if not had_flags and not directory_had_flags:
                    raise reason
                remove(name, dir_fd=directory)
        finally:
            os.close(seen)

    def _held(self, depth: int) -> int:
        """Return the descriptor of a level. Raises :class:`_ChangedError` if it cannot be reached any more."""
        directory = self._levels[depth].directory
        return self._reach(depth) if directory is None else directory

    def _reach(self, depth: int) -> int:
        """Open a level again, with those above it, from the tree down."""
        directory = self.tree
        for number, level in enumerate(self._levels[1 : depth + 1], 1):
            level.close()
            try:
                level.directory = os.open(level.name, ENTERED, dir_fd=directory)
            except OSError as error:
                raise _ChangedError from error
            directory = level.directory
            if number > _HELD:
                self._levels[number - _HELD].close()
        # No way leads from another mount back to this one, so the last directory answers for all.
        if mount_number(directory) != self._mount:
            raise _ChangedError
        return directory

    def _place(self, *names: str) -> Path:
        return self._path.joinpath(*(level.name for level in self._levels[1:]), *names)

    def _failed(self, error: OSError, *names: str) -> InstallError:
        return InstallError(f"Removing {self._place(*names)} failed: {error.strerror}")
