"""The container's control groups, so that its limits hold for what enters it and its end ends that.

A container's systemd is in the group init.scope, which it keeps for itself. What enters gets a group beside that one,
below the root of the container's cgroup namespace, where systemd leaves groups alone that it did not make. In a
hierarchy of version 1 with a controller, everything is in the group of the container's unit. Sources: cgroups(7),
proc_pid_mountinfo(5), https://systemd.io/CGROUP_DELEGATION.
"""

from __future__ import annotations

import errno
import os

_ENTERED = "entered"
_INIT_SCOPE = "/init.scope"
_PROCESSES = b"cgroup.procs"
# The mount point among the words of a line of mountinfo, whose first ones are the mount's ID and that of its parent.
_POINT = 4
# Where groups are read-only, as in a container in which this program runs, nobody could set a limit either.
_NO_CHOICE = frozenset({errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOENT})


def entered_beside(leader: str) -> str:
    """Return the group for what enters a container whose PID 1 is in the group ``leader``. Pure."""
    return f"{leader.removesuffix(_INIT_SCOPE)}/{_ENTERED}"


def open_groups(pid: int) -> list[int]:
    """Return the open lists of processes of the groups that a container's PID 1 shares with what enters.

    The first one belongs to a hierarchy that has a group for what entered alone, if there is one. Raises OSError.
    """
    found, mounts = [], _mounts()
    own = dict(_groups("self"))
    for controllers, path in sorted(_groups(pid)):
        systemds = controllers in {b"", b"name=systemd"}
        if not systemds and own.get(controllers) == path:
            continue
        for point, root in mounts.get(controllers, ()):
            if path == root or path.startswith(root.rstrip(b"/") + b"/"):
                directory = point + path[len(root.rstrip(b"/")) :]
                if (descriptor := _open(directory, of_its_own=systemds)) is not None:
                    found.append(descriptor)
                    break  # a hierarchy may be mounted read-only here and for writing there
    return found


def join(descriptors: list[int]) -> None:
    """Move the calling process into groups. Raises OSError, with ENODEV for one that was removed."""
    for descriptor in descriptors:
        os.write(descriptor, b"0")


def _open(directory: bytes, *, of_its_own: bool) -> int | None:
    try:
        if of_its_own:
            directory = os.fsencode(entered_beside(os.fsdecode(directory)))
            _make(directory)
        return os.open(directory + b"/" + _PROCESSES, os.O_RDWR)
    except OSError as error:
        if error.errno in _NO_CHOICE:
            return None
        raise


def _make(directory: bytes) -> None:
    try:
        os.mkdir(directory, 0o755)  # noqa: PTH102 -- pathlib takes too long to import
    except FileExistsError:
        return
    # With private users, the container's systemd may remove it like all other groups.
    status = os.stat(directory.rpartition(b"/")[0])  # noqa: PTH116
    os.chown(directory, status.st_uid, status.st_gid)


def _groups(pid: int | str) -> list[tuple[bytes, bytes]]:
    """Return hierarchy and path of each group that a process is in; the unified hierarchy has an empty name."""
    with open(f"/proc/{pid}/cgroup", "rb") as file:  # noqa: PTH123
        return [(parts[1], parts[2]) for line in file if len(parts := line.rstrip(b"\n").split(b":", 2)) == 3]


def _mounts() -> dict[bytes, list[tuple[bytes, bytes]]]:
    """Return where each hierarchy is mounted, and which of its groups is seen there."""
    with open("/proc/self/mountinfo", "rb") as file:  # noqa: PTH123
        return parse_mounts(file.read())


def parse_mounts(mountinfo: bytes) -> dict[bytes, list[tuple[bytes, bytes]]]:
    """Return the mount points of each hierarchy, by its name in /proc/PID/cgroup, with the group seen there. Pure.

    What another mount covers is left out: its paths would lead to that one's groups.
    """
    found: dict[bytes, list[tuple[bytes, bytes]]] = {}
    lines = [line.partition(b" - ")[::2] for line in mountinfo.split(b"\n") if line]
    covered = {(words[1], words[_POINT]) for mount, _ in lines if len(words := mount.split(b" ")) > _POINT}
    for mount, source in lines:
        kind, _, rest = source.partition(b" ")
        if kind not in {b"cgroup", b"cgroup2"}:
            continue
        words = mount.split(b" ")
        if (words[0], words[_POINT]) in covered:
            continue
        root, point = (_unescaped(word) for word in words[3 : _POINT + 1])
        for name in _hierarchies(kind, rest):
            found.setdefault(name, []).append((point, root))
    return found


def _hierarchies(kind: bytes, rest: bytes) -> set[bytes]:
    """Return the name under which /proc/PID/cgroup lists what is mounted, and parts of it where several are one."""
    if kind == b"cgroup2":
        return {b""}
    options = [word for word in rest.split()[1].split(b",") if word not in {b"rw", b"ro", b"xattr", b"clone_children"}]
    named = [word for word in options if word.startswith(b"name=")]
    plain = [word for word in options if b"=" not in word]
    return set(named) if named else {b",".join(plain), b",".join(reversed(plain))}


def _unescaped(word: bytes) -> bytes:
    for code, meant in ((b"\\040", b" "), (b"\\011", b"\t"), (b"\\012", b"\n"), (b"\\134", b"\\")):
        word = word.replace(code, meant)
    return word
