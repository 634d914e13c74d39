"""System calls that Python has no names for."""

from __future__ import annotations

import ctypes
import errno
import os
from enum import IntFlag
from pathlib import Path

from extra_container.plugin import HostError

_AT_FDCWD = -100
_RENAME_NOREPLACE = 1
_RENAME_EXCHANGE = 2
_OPENAT2 = 437  # on all architectures but alpha
_UNSUPPORTED = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})
# With ".." in a path, the kernel gives up when something is renamed meanwhile, wherever that is.
_TRIES = 1000


class Resolve(IntFlag):
    """How a path is looked up. Source: openat2(2)."""

    NO_XDEV = 0x01  # EXDEV for what is on another mount
    NO_MAGICLINKS = 0x02
    NO_SYMLINKS = 0x04
    IN_ROOT = 0x10  # the directory is "/" to links and to ".."


class _OpenHow(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


def open_at(directory: int, path: str, flags: int, resolve: Resolve) -> int:
    """Open what is at a path below an open directory. Raises OSError, and :class:`.HostError` before Linux 5.6."""
    how = _OpenHow(flags=flags | os.O_CLOEXEC, mode=0, resolve=resolve)
    for _ in range(_TRIES):
        descriptor = _libc().syscall(_OPENAT2, directory, os.fsencode(path), ctypes.byref(how), ctypes.sizeof(how))
        if descriptor >= 0:
            return int(descriptor)
        if ctypes.get_errno() != errno.EAGAIN:
            break
    code = ctypes.get_errno()
    if code == errno.ENOSYS:
        raise HostError("The kernel has no openat2, without which links could lead out of a container")
    raise OSError(code, os.strerror(code), path)


def sync_file_system(descriptor: int) -> None:
    """Write all that the file system of an open file has not written yet. Raises OSError. Source: syncfs(2)."""
    if _libc().syncfs(descriptor) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def exchange(one: Path, other: Path) -> bool:
    """Let two files change places, in one step; return whether the file system can do that. Raises OSError.

    Source: rename(2).
    """
    return _rename(one, other, _RENAME_EXCHANGE)


def move(source: Path, target: Path) -> None:
    """Rename a file to a name that nothing has, as also the kernel makes sure where it can. Raises OSError."""
    if not _rename(source, target, _RENAME_NOREPLACE):
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fspath(target))
        source.rename(target)


def _rename(source: Path, target: Path, flags: int) -> bool:
    if _libc().renameat2(_AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), flags) == 0:
        return True
    code = ctypes.get_errno()
    if code in _UNSUPPORTED:
        return False
    raise OSError(code, os.strerror(code), os.fspath(source), None, os.fspath(target))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
