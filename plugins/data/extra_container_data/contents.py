"""What is in files, holes included."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator

from extra_container.plugin import dataclass

CHUNK = 1 << 20
# Files between which the kernel does not copy by itself.
_BY_HAND = frozenset({errno.EXDEV, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF, errno.EPERM})


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A part of a file that is no hole, in bytes."""

    start: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FileContent:
    """What is in an open file of that size."""

    source: int
    size: int

    def write_to(self, target: int) -> None:
        """Write it to an open empty file, sharing blocks where the file system can."""
        for segment in segments(self.source, self.size):
            end = _copy(self.source, target, segment)
            if end < segment.start + segment.size:
                os.ftruncate(target, end)  # it has become shorter
                return
        if self.size:
            os.ftruncate(target, min(self.size, os.fstat(self.source).st_size))
        else:
            _copy_unknown(self.source, target)


def segments(file: int, size: int) -> Iterator[Segment]:
    """Yield the parts of an open file that are no holes. Raises OSError. Source: lseek(2)."""
    position = 0
    while position < size:
        try:
            start = os.lseek(file, position, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return
            if error.errno != errno.EINVAL:
                raise
            start, end = position, size  # a file system that does not tell
        else:
            end = os.lseek(file, start, os.SEEK_HOLE)
        if start >= size:
            return
        yield Segment(start=start, size=min(end, size) - start)
        position = end


def write_all(target: int, data: bytes | memoryview) -> None:
    """Write all of it. Raises OSError."""
    view = memoryview(data)
    while view:
        view = view[os.write(target, view) :]


def _copy(source: int, target: int, segment: Segment) -> int:
    """Copy a part of a file; return where what was there ends."""
    position, end = segment.start, segment.start + segment.size
    while position < end:
        try:
            moved = os.copy_file_range(source, target, end - position, position, position)
        except OSError as error:
            if error.errno not in _BY_HAND:
                raise
            moved = 0
        # The kernel copies nothing from files that it makes itself.
        moved = moved or _copy_by_hand(source, target, position, min(CHUNK, end - position))
        if moved == 0:
            break
        position += moved
    return position


def _copy_by_hand(source: int, target: int, position: int, size: int) -> int:
    data = os.pread(source, size, position)
    os.lseek(target, position, os.SEEK_SET)
    write_all(target, data)
    return len(data)


def _copy_unknown(source: int, target: int) -> None:
    """Copy what has no size before it is read, as files of the kernel."""
    os.lseek(source, 0, os.SEEK_SET)
    while data := os.read(source, CHUNK):
        write_all(target, data)
