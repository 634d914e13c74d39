"""Whether files of a directory can be shown with other owners: an idmapped mount, made and thrown away."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# From the kernel's headers linux/mount.h, linux/fcntl.h and linux/sched.h; the numbers of system calls that are as
# new are the same on every architecture but alpha.
_OPEN_TREE, _MOUNT_SETATTR = 428, 442
_OPEN_TREE_CLONE = 1
_AT_FDCWD, _AT_EMPTY_PATH = -100, 0x1000
_MOUNT_ATTR_IDMAP = 0x00100000
_CLONE_NEWUSER = 0x10000000
_MAP = b"0 65536 65536"  # as systemd-nspawn maps: user 0 and those after it to others, 65536 of them


class _Attributes(ctypes.Structure):
    _fields_ = (
        ("set", ctypes.c_uint64),
        ("clear", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("namespace", ctypes.c_uint64),
    )


def try_mount(directory: Path) -> None:
    """Make an idmapped mount of a directory that no process but this one can reach, and throw it away.

    Sources: open_tree(2) and mount_setattr(2). Raises OSError: EINVAL where the file system cannot do it, ENOSYS where
    the kernel cannot, EPERM without root's rights.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    with _user_namespace(libc) as namespace:
        flags = _OPEN_TREE_CLONE | os.O_CLOEXEC
        tree = _checked(libc.syscall(_OPEN_TREE, _AT_FDCWD, os.fsencode(directory), flags))
        try:
            attributes = _Attributes(set=_MOUNT_ATTR_IDMAP, namespace=namespace)
            size = ctypes.sizeof(attributes)
            _checked(libc.syscall(_MOUNT_SETATTR, tree, b"", _AT_EMPTY_PATH, ctypes.byref(attributes), size))
        finally:
            os.close(tree)


@contextmanager
def _user_namespace(libc: ctypes.CDLL) -> Iterator[int]:
    """Give a descriptor of a user namespace with a map of its own, which ends with the block."""
    reader, writer = os.pipe2(os.O_CLOEXEC)
    child = os.fork()
    if child == 0:
        _wait_in_namespace(libc, reader, writer)
    try:
        os.close(writer)
        number = int(os.read(reader, 16) or b"0")
        if number != 0:
            raise OSError(number, os.strerror(number))
        for name in ("uid_map", "gid_map"):
            Path(f"/proc/{child}/{name}").write_bytes(_MAP)
        descriptor = os.open(f"/proc/{child}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
        try:
            yield descriptor
        finally:
            os.close(descriptor)
    finally:
        os.close(reader)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _wait_in_namespace(libc: ctypes.CDLL, reader: int, writer: int) -> None:
    """Be the process that a namespace needs to have its map written: say whether it is there, and wait to be killed."""
    try:
        os.close(reader)
        failed = libc.unshare(_CLONE_NEWUSER) != 0
        os.write(writer, str(ctypes.get_errno() if failed else 0).encode())
        while True:
            signal.pause()
    finally:
        os._exit(1)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
