"""Trees as they are on a disk, read through open descriptors: no link is followed, no other mount is entered.

Whoever owns the tree may change it meanwhile: what is looked at is held, and what is read is what was looked at.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator

from extra_container.plugin import InstallError, dataclass
from extra_container_data.contents import FileContent
from extra_container_data.entries import NO_ATTRIBUTES, Content, Entry, Kind, attributes_of, kind_of
from extra_container_data.kernel import Resolve, open_at

SEEN = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
# One descriptor a level: whoever builds deeper trees wants to do harm.
_DEEPEST = 400


class Tree:
    """The files of a tree whose top is open (O_PATH is enough).

    ``name`` is how people are told of what is in the tree. ``skip`` is told of files that are left out, and why.
    """

    def __init__(self, top: int, name: Callable[[tuple[str, ...]], str], skip: Callable[[str, str], None]) -> None:
        self._top = top
        self._name = name
        self._skip = skip
        self._seen: dict[tuple[int, int], tuple[str, ...]] = {}

    def walk(self) -> Iterator[tuple[Entry, Content | None]]:
        """Yield each file, a directory before what is in it; the content can be read until the next one is asked for.

        Raises :class:`.InstallError` naming what cannot be read.
        """
        levels: list[_Level] = []
        try:
            yield from self._look(self._top, (), levels)
            while levels:
                level = levels[-1]
                if not level.waiting:
                    os.close(levels.pop().directory)
                    continue
                name = level.waiting.pop()
                names = (*level.names, name)
                seen = self._open(level.directory, name, names)
                if seen is None:
                    continue
                try:
                    yield from self._look(seen, names, levels)
                finally:
                    os.close(seen)
        finally:
            for level in levels:
                os.close(level.directory)

    def _open(self, directory: int, name: str, names: tuple[str, ...]) -> int | None:
        try:
            return open_at(directory, name, SEEN, Resolve.NO_XDEV)
        except FileNotFoundError:
            return None  # somebody has just removed it
        except OSError as error:
            if error.errno == errno.EXDEV:
                self._skip(self._name(names), "it is another file system")
                return None
            raise self._failed(error, names) from error

    def _look(self, seen: int, names: tuple[str, ...], levels: list[_Level]) -> Iterator[tuple[Entry, Content | None]]:
        opened = None
        try:
            entry = self._entry(seen, names)
            if entry is None:
                return
            if entry.kind is Kind.DIRECTORY:
                self._enter(seen, names, levels)
                yield entry, None
            elif entry.kind is Kind.FILE and entry.same_as is None:
                opened = os.open(f"/proc/self/fd/{seen}", os.O_RDONLY | os.O_CLOEXEC)
                yield entry, FileContent(source=opened, size=os.fstat(opened).st_size)
            else:
                yield entry, None
        except OSError as error:
            raise self._failed(error, names) from error
        finally:
            if opened is not None:
                os.close(opened)

    def _entry(self, seen: int, names: tuple[str, ...]) -> Entry | None:
        status = os.fstat(seen)
        kind = kind_of(status.st_mode)
        if kind in {Kind.DEVICE, Kind.SOCKET}:
            self._skip(self._name(names), f"it is a {kind.value}")
            return None
        same_as = None
        if kind is not Kind.DIRECTORY and status.st_nlink > 1:
            same_as = self._seen.setdefault((status.st_dev, status.st_ino), names)
        is_link = kind is Kind.LINK
        return Entry(
            names=names,
            kind=kind,
            mode=status.st_mode & 0o7777,
            owner=status.st_uid,
            group=status.st_gid,
            modified=status.st_mtime_ns,
            attributes=NO_ATTRIBUTES if is_link else attributes_of(f"/proc/self/fd/{seen}"),
            target=os.readlink("", dir_fd=seen) if is_link else "",
            same_as=None if same_as == names else same_as,
        )

    def _enter(self, seen: int, names: tuple[str, ...], levels: list[_Level]) -> None:
        if len(levels) >= _DEEPEST:
            raise InstallError(f"{self._name(names)} is more than {_DEEPEST} directories deep")
        directory = os.open(f"/proc/self/fd/{seen}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        level = _Level(names=names, directory=directory, waiting=[])
        levels.append(level)
        level.waiting.extend(sorted(os.listdir(directory), reverse=True))  # noqa: PTH208 -- an open directory

    def _failed(self, error: OSError, names: tuple[str, ...]) -> InstallError:
        return InstallError(f"Reading {self._name(names)} failed: {error.strerror}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Level:
    names: tuple[str, ...]
    directory: int
    waiting: list[str]
