"""Directory trees that were renamed away, so that they can be removed while others go on.

Renaming is one step, after which the old name is free. The new one says which container the tree was of, and which
process renamed it: a process that lives removes what it renamed itself, and what it did not come to is anybody's. Who
removes a tree has it locked meanwhile, and the kernel drops the lock with the process.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from extra_container import proc
from extra_container.model import layout
from extra_container.model.errors import InstallError
from extra_container.model.frozen import dataclass
from extra_container.trees.removal import move_tree, remove_tree

_POLL_SECONDS = 0.05


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Discarded:
    """A tree that was renamed away: where it is, the container that it was of, and the process that renamed it."""

    path: Path
    name: str
    by: proc.Process

    @property
    def is_own(self) -> bool:
        """Whether this process renamed it."""
        return self.by.pid == os.getpid() and self.by.alive()

    @property
    def is_left(self) -> bool:
        """Whether the process that renamed it is over, and nobody removes it at the moment."""
        return not self.by.alive() and self._locks() is True

    @property
    def is_taken(self) -> bool:
        """Whether somebody removes it at the moment."""
        return self._locks() is False

    def _locks(self) -> bool | None:
        """Whether it can be locked; None if it is gone by now, or no directory."""
        try:
            with _tried(self.path, fcntl.LOCK_SH) as free:
                return free
        except OSError:
            return None


def discard(path: Path, name: str) -> bool:
    """Rename a directory of the container ``name`` away; return whether that was done.

    False where there is none, or it cannot be renamed. Raises what :func:`.move_tree` raises.
    """
    own = proc.identify(os.getpid())
    if own is None:
        return False  # no /proc
    return move_tree(path, layout.discarded(path, name, own.pid, own.started, os.urandom(4).hex()).name)


def find(places: Iterable[Path]) -> Iterator[Discarded]:
    """Give the trees that were renamed away in some directories, sorted by name. Raises OSError."""
    for place in places:
        try:
            names = sorted(entry.name for entry in os.scandir(place))
        except (FileNotFoundError, NotADirectoryError):
            continue
        for file_name in names:
            if (parsed := layout.discarded_by(file_name)) is not None:
                name, pid, started = parsed
                yield Discarded(path=place / file_name, name=name, by=proc.Process(pid=pid, started=started))


def remove_left(tree: Discarded) -> None:
    """Remove a tree, unless somebody else does that at the moment. Raises :class:`.InstallError` and OSError."""
    with _tried(tree.path, fcntl.LOCK_EX) as free:
        if free:
            remove_tree(tree.path)


def remove(tree: Discarded, heed: Callable[[], None] = _nothing) -> None:
    """Remove a tree, or wait until somebody else who does that has removed it or ended.

    ``heed`` is called again and again, and may raise. Raises :class:`.InstallError`.
    """
    while True:
        try:
            with _tried(tree.path, fcntl.LOCK_EX) as free:
                if free:
                    remove_tree(tree.path, heed=heed)
                    return
        except FileNotFoundError:
            return
        except OSError as error:
            raise InstallError(f"Removing {tree.path} failed: {error.strerror}") from error
        heed()
        time.sleep(_POLL_SECONDS)


@contextmanager
def _tried(path: Path, lock: int) -> Iterator[bool]:
    """Lock a directory if nobody else has it locked, and tell whether that was done. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, lock | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)
