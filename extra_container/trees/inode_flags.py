"""The flags of a file that forbid even root to remove it: immutable and append-only (chattr(1))."""

from __future__ import annotations

import fcntl
import os
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager

# ioctl_iflags(2); the numbers are the same on every architecture with 64-bit long that NixOS supports.
_FS_IOC_GETFLAGS = 0x80086601
_FS_IOC_SETFLAGS = 0x40086602
_FORBIDDING = 0x00000010 | 0x00000020  # FS_IMMUTABLE_FL, FS_APPEND_FL


def clear_flags(file: int) -> bool:
    """Take the flags from an open file or directory; return whether it had any. Raises OSError."""
    flags = _read(file)
    if not flags & _FORBIDDING:
        return False
    _write(file, flags & ~_FORBIDDING)
    return True


@contextmanager
def removable(seen: int) -> Iterator[bool]:
    """Take the flags from a file or directory while it is removed; the value is whether it had any.

    ``seen`` is a descriptor of it that was opened with O_PATH. What still has a name afterwards gets its flags back: a
    file can have names elsewhere. Raises OSError.
    """
    mode = os.fstat(seen).st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        yield False  # opening it might do something
        return
    file = os.open(f"/proc/self/fd/{seen}", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        flags = _read(file)
        had = clear_flags(file)
        try:
            yield had
        finally:
            if had and os.fstat(file).st_nlink > 0:
                _write(file, flags)
    finally:
        os.close(file)


def _read(file: int) -> int:
    buffer = bytearray(8)
    try:
        fcntl.ioctl(file, _FS_IOC_GETFLAGS, buffer)
    except OSError:
        return 0  # a file system without such flags
    return int(struct.unpack_from("I", buffer)[0])


def _write(file: int, flags: int) -> None:
    fcntl.ioctl(file, _FS_IOC_SETFLAGS, bytearray(struct.pack("I4x", flags)))
