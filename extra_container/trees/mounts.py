"""The kernel's table of mounts, which mount an open file is on, and taking mounts away.

Paths in the table are resolved by the kernel and may hold any byte but NUL.
"""

from __future__ import annotations

import errno
import os
import re
import shlex
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from extra_container.model.errors import InstallError
from extra_container.model.frozen import dataclass

_TABLE = Path("/proc/self/mountinfo")
_ESCAPED = re.compile(rb"\\([0-7]{3})")
_MOUNT_ID = re.compile(rb"^mnt_id:\s*(\d+)$", re.MULTILINE)
_SEEN = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_UMOUNT_NOFOLLOW = 8  # umount2(2)
# How often mounts are looked for while somebody goes on mounting.
_TRIES = 100


class MountedError(InstallError):
    """Something is mounted where a tree was to be removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """One line of the table. Source: proc_pid_mountinfo(5).

    ``parent`` is the ``number`` of the mount that this one is mounted on, at ``point``. ``root`` is the path in the
    file system of ``device`` that is seen there. ``kind`` is the file system's type, ``options`` are those of the file
    system ("super options").
    """

    number: int
    parent: int
    device: str
    root: Path
    point: Path
    kind: str
    options: frozenset[str]


def read_mounts() -> tuple[Mount, ...]:
    """Return the mounts that this process sees, in the kernel's order. Raises OSError."""
    return parse_mounts(_TABLE.read_bytes())


@lru_cache(maxsize=1)  # the same table is asked for several times for each tree that is removed
def parse_mounts(table: bytes) -> tuple[Mount, ...]:
    """Parse the table. Newline and space alone separate: names hold whatever else ends a line for a text reader."""
    return tuple(_parse(line) for line in table.split(b"\n") if line)


def mount_number(descriptor: int) -> int:
    """Return the number of the mount that an open file or directory was reached through.

    No other mount gets it as long as the descriptor is open. Source: proc_pid_fdinfo(5). Raises OSError.
    """
    facts = os.open(f"/proc/self/fdinfo/{descriptor}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        found = _MOUNT_ID.search(os.read(facts, 4096))
    finally:
        os.close(facts)
    if found is None:
        raise OSError(errno.ENOSYS, "the kernel does not tell which mount a file is on")
    return int(found[1])


def entry_mount_number(name: str, directory: int) -> int:
    """Return the number of the mount that an entry of an open directory is on: a mount point is on its mount."""
    seen = os.open(name, _SEEN, dir_fd=directory)
    try:
        return mount_number(seen)
    finally:
        os.close(seen)


def mounts_below(directory: int, mounts: Iterable[Mount]) -> tuple[Mount, ...]:
    """Return the mounts inside an open directory, those that stand on others first.

    They belong to the mount that the directory is on: what has a path of the directory's, but was mounted below
    another mount that this one covers, is not among them.
    """
    prefix = os.fspath(_place(directory)).rstrip("/") + "/"
    known = {mount_number(directory)}
    inside = [mount for mount in mounts if os.fspath(mount.point).startswith(prefix)]
    found: list[Mount] = []
    # A mount can stand before the one that it is mounted on.
    while new := [mount for mount in inside if mount.parent in known and mount.number not in known]:
        found += new
        known |= {mount.number for mount in new}
    return tuple(reversed(found))


def mounts_on_other_views(directory: int, mounts: Iterable[Mount]) -> tuple[Mount, ...]:
    """Return the mounts outside an open directory that keep a part of it from being removed.

    Where a part of it is bind-mounted elsewhere, a mount on that also is one on the file or directory itself: the
    kernel removes no mount point (``is_local_mountpoint``), whichever way it is reached.
    """
    by_number = {mount.number: mount for mount in mounts}
    own = by_number.get(mount_number(directory))
    if own is None:
        return ()  # in a chroot the mount of the root need not be in the table
    tree = _path_in_file_system(_place(directory), own)
    inside = {mount.number for mount in mounts_below(directory, by_number.values())}
    return tuple(
        mount
        for mount in by_number.values()
        if mount.number not in inside
        and (under := by_number.get(mount.parent)) is not None
        and under.device == own.device
        and _path_in_file_system(mount.point, under).is_relative_to(tree)
    )


def refuse_mounts(directory: int, path: Path) -> None:
    """Raise :class:`MountedError` if anything is mounted inside an open directory; ``path`` is its name for people."""
    table = read_mounts()
    if found := mounts_below(directory, table):
        raise mounted(found[-1].point, path)
    if found := mounts_on_other_views(directory, table):
        point = found[-1].point
        raise MountedError(f"{point} is mounted on a part of {path} that is seen there", hint=umount_hint(point))


def unmount_below(directory: int, path: Path) -> None:
    """Unmount everything inside an open directory. Raises :class:`MountedError` naming what cannot be unmounted.

    That is done by system calls, so that nothing of it goes on when the process is killed.
    """
    before: tuple[Mount, ...] = ()
    for _ in range(_TRIES):
        found = mounts_below(directory, read_mounts())
        if not found:
            return
        kept = [(mount, error) for mount in found if (error := _unmount_one(directory, mount)) is not None]
        # A mount that somebody else took away meanwhile keeps nobody; it is not found again.
        if len(kept) == len(found) and found == before:
            mount, reason = kept[0]
            why = "" if reason.errno == errno.EBUSY else f": {reason.strerror}"
            raise MountedError(
                f"{mount.point} is mounted below {path} and cannot be unmounted{why}",
                hint="End what uses it and try again.",
            )
        before = found
    raise MountedError(f"Something goes on mounting below {path}", hint="End it and try again.")


def mounted(point: Path, path: Path) -> MountedError:
    """Return the error that names a mount inside a tree."""
    return MountedError(f"{point} is mounted below {path}", hint=umount_hint(point))


def umount_hint(point: Path) -> str:
    """Return what to do about a mount point."""
    return f"Unmount it and try again: umount {shlex.quote(os.fspath(point))}"


def _place(directory: int) -> Path:
    """Return the path of an open directory as the table would have it."""
    return Path(f"/proc/self/fd/{directory}").readlink()


def _path_in_file_system(path: Path, mount: Mount) -> Path:
    return mount.root / path.relative_to(mount.point)


def _unmount_one(tree: int, mount: Mount) -> OSError | None:
    """Unmount one mount inside an open directory; return what kept it."""
    directory = os.dup(tree)
    try:
        *above, name = mount.point.relative_to(_place(tree)).parts
        # One by one: the path may be longer than the kernel takes, and no part of it may be a link by now.
        for part in above:
            inner = os.open(part, _SEEN | os.O_DIRECTORY, dir_fd=directory)
            os.close(directory)
            directory = inner
        if entry_mount_number(name, directory) != mount.number:
            # Something was mounted over it, which has to go first.
            return OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        _unmount(directory, name)
    except OSError as error:
        return error
    finally:
        os.close(directory)
    return None


def _unmount(directory: int, name: str) -> None:
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.umount2(os.fsencode(f"/proc/self/fd/{directory}/{name}"), _UMOUNT_NOFOLLOW) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _parse(line: bytes) -> Mount:
    fields = line.split(b" ")
    # Any number of optional fields stands before the dash.
    separator = fields.index(b"-", 6)
    kind, _, options = fields[separator + 1 : separator + 4]
    return Mount(
        number=int(fields[0]),
        parent=int(fields[1]),
        device=_text(fields[2]),
        root=Path(_text(fields[3])),
        point=Path(_text(fields[4])),
        kind=_text(kind),
        options=frozenset(_text(options).split(",")),
    )


def _text(field: bytes) -> str:
    return os.fsdecode(_ESCAPED.sub(lambda code: bytes([int(code[1], 8)]), field))
