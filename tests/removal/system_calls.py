"""Mounting and flags without a program for each: thousands of trees are built in a test."""

import ctypes
import errno
import fcntl
import os
import struct

LIBC = ctypes.CDLL(None, use_errno=True)
# mount(2), umount2(2), renameat2(2)
MS_BIND, MS_REC, MNT_DETACH, UMOUNT_NOFOLLOW, RENAME_EXCHANGE, AT_FDCWD = 4096, 16384, 2, 8, 2, -100
CLONE_NEWNS, MS_PRIVATE, MS_SHARED = 0x20000, 1 << 18, 1 << 20
IMMUTABLE, APPEND_ONLY = 0x10, 0x20


def _check(result, *paths):
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), *paths)


def bind(source, target, *, recursive=False):
    flags = MS_BIND | (MS_REC if recursive else 0)
    _check(LIBC.mount(os.fsencode(source), os.fsencode(target), None, flags, None), target)


def mount_tmpfs(target, size="64m"):
    _check(LIBC.mount(b"none", os.fsencode(target), b"tmpfs", 0, f"size={size}".encode()), target)


def detach(target):
    _check(LIBC.umount2(os.fsencode(target), MNT_DETACH | UMOUNT_NOFOLLOW), target)


def exchange(one, other):
    """Swap two names at once."""
    _check(LIBC.renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE), one)


def get_flags(path):
    """Return the flags of a file or directory, 0 where the file system has none."""
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        return struct.unpack_from("I", fcntl.ioctl(file, 0x80086601, bytes(8)))[0]
    except OSError as error:
        if error.errno not in {errno.ENOTTY, errno.EOPNOTSUPP}:
            raise
        return 0
    finally:
        os.close(file)


def set_flags(path, flags):
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.ioctl(file, 0x40086602, struct.pack("I4x", flags))
    finally:
        os.close(file)


def enter_own_namespace():
    """Give this process a table of mounts of its own, from which nothing gets out."""
    _check(LIBC.unshare(CLONE_NEWNS))
    _check(LIBC.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None))


def share(point):
    """Let mounts below a mount propagate, as systemd has it for all of a host."""
    _check(LIBC.mount(b"none", os.fsencode(point), None, MS_SHARED, None), point)
