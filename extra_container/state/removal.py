"""Removing a container's directory: everything below it, and nothing else.

The tree belonged to the container's root, so it may hold links to anywhere; and the host may have mounted something
into it, whose contents must survive.
"""

from __future__ import annotations

import fcntl
import os
import stat
import struct
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.model.errors import InstallError, ProcessError

if TYPE_CHECKING:
    from extra_container.process import Runner

# ioctl_iflags(2); the numbers are the same on every architecture with 64-bit long that NixOS supports.
_FS_IOC_GETFLAGS = 0x80086601
_FS_IOC_SETFLAGS = 0x40086602
_FS_IMMUTABLE_FL = 0x00000010
_FS_APPEND_FL = 0x00000020


def remove_tree(path: Path, runner: Runner) -> None:
    """Remove a directory with all below it; nothing there is fine.

    Mounts below it are unmounted, links are removed and never followed, immutable files (NixOS makes ``/var/empty``
    one, in nested containers too) are made removable. Raises :class:`.InstallError` if ``path``
    is a link or a mount, if a mount below it is busy, or if something is left in the end.
    """
    check_tree(path)
    if not path.exists():
        return
    _unmount_below(path, runner)
    # rm stays on one file system; the mounts of the same file system are gone by now.
    argv = ["rm", "--recursive", "--force", "--one-file-system", "--", os.fspath(path)]
    first = runner.run(argv, check=False)
    if first.returncode != 0:
        _make_removable(path)
        runner.run(argv)


def check_tree(path: Path) -> None:
    """Raise :class:`.InstallError` for a directory that :func:`remove_tree` must not remove."""
    if path.is_symlink():
        raise InstallError(f"{path} is a symbolic link", hint=f"Remove it by hand if it is not needed: rm {path}")
    if path.exists() and os.fspath(path) in mount_points_below(path.parent):
        raise InstallError(f"{path} is a mount point", hint=f"Unmount it and try again: umount {path}")


def mount_points_below(path: Path) -> list[str]:
    """Return the mount points strictly below a directory, deepest first. Source: proc_pid_mountinfo(5)."""
    text = Path("/proc/self/mountinfo").read_text(errors="surrogateescape")
    prefix = os.fspath(path).rstrip("/") + "/"
    points = [_unescape(line.split()[4]) for line in text.splitlines()]
    return sorted((point for point in points if point.startswith(prefix)), key=len, reverse=True)


def _unmount_below(path: Path, runner: Runner) -> None:
    for point in mount_points_below(path):
        try:
            runner.run(["umount", "--no-canonicalize", "--", point])
        except ProcessError as error:
            raise InstallError(
                f"{point} is mounted below {path} and cannot be unmounted", hint="End what uses it and try again."
            ) from error


def _unescape(field: str) -> str:
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        field = field.replace(code, character)
    return field


def _make_removable(path: Path) -> None:
    device = path.lstat().st_dev
    for _, _, files, directory in os.fwalk(path, follow_symlinks=False):
        if os.fstat(directory).st_dev != device:
            raise InstallError(f"Another file system is mounted below {path}", hint="Unmount it and try again.")
        _clear_flags(directory)
        for name in files:
            if stat.S_ISREG(os.lstat(name, dir_fd=directory).st_mode):
                file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=directory)
                try:
                    _clear_flags(file)
                finally:
                    os.close(file)


def _clear_flags(descriptor: int) -> None:
    buffer = bytearray(8)
    try:
        fcntl.ioctl(descriptor, _FS_IOC_GETFLAGS, buffer)
    except OSError:
        return  # a file system without such flags, for instance tmpfs
    flags = struct.unpack_from("I", buffer)[0]
    wanted = flags & ~(_FS_IMMUTABLE_FL | _FS_APPEND_FL)
    if wanted != flags:
        struct.pack_into("I", buffer, 0, wanted)
        fcntl.ioctl(descriptor, _FS_IOC_SETFLAGS, buffer)
