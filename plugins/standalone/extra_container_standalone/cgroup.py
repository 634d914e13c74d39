"""A container's control group, in each hierarchy that systemd-nspawn and the container's systemd use.

systemd-nspawn divides the group it finds itself in, so every container needs one of its own. On a hybrid machine that
means the unified and the ``name=systemd`` hierarchy, on one with cgroup v2 alone the unified one.
"""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from extra_container.plugin import HostError, Mount, layout, proc, read_mounts

_MOUNT_POINTS = (Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup/systemd"))
_CONTROL = ".control"
_STEP = 0.01
_REMOVE_SECONDS = 2.0


def hierarchies(mounts: Iterable[Mount]) -> tuple[Path, ...]:
    """Return the mount points of the hierarchies to use, among a machine's mounts."""
    found: dict[Path, None] = {}
    for mount in mounts:
        named = mount.kind == "cgroup" and "name=systemd" in mount.options
        if mount.point in _MOUNT_POINTS and (mount.kind == "cgroup2" or named):
            found[mount.point] = None
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Cgroup:
    """One container's group: the same directory in every hierarchy. It may not exist (yet, or any more)."""

    directories: tuple[Path, ...]

    @classmethod
    def of(cls, name: str) -> Cgroup:
        """Return the group of a container on this machine."""
        return cls(tuple(point / layout.unit_name(name) for point in hierarchies(read_mounts())))

    def create(self) -> None:
        """Make the group.

        Raises :class:`.HostError` if the machine has no hierarchy that can be written.
        """
        if not self.directories:
            raise HostError("no cgroup hierarchy is mounted below /sys/fs/cgroup")
        for directory in self.directories:
            try:
                directory.mkdir(exist_ok=True)
            except OSError as error:
                raise HostError(
                    f"cannot create the control group {directory}: {error.strerror}",
                    hint="In a CI job, run its container privileged, with /sys/fs/cgroup writable.",
                ) from error

    def control(self) -> Cgroup:
        """Make and return the part of the group for the unit's helpers, apart from what systemd-nspawn divides."""
        part = Cgroup(tuple(directory / _CONTROL for directory in self.directories))
        part.create()
        return part

    def enter(self) -> None:
        """Move the calling process into the group."""
        for directory in self.directories:
            (directory / "cgroup.procs").write_text("0", encoding="ascii")

    def processes(self) -> frozenset[int]:
        """Return the PIDs of all processes in the group and its parts."""
        found: set[int] = set()
        for directory in self.directories:
            for place, _, _ in os.walk(directory):
                try:
                    text = Path(place, "cgroup.procs").read_text(encoding="ascii")
                except OSError as error:
                    if error.errno not in {errno.ENOENT, errno.ENODEV, errno.EOPNOTSUPP}:
                        raise
                    continue
                found.update(int(line) for line in text.split())
        return frozenset(found - {0})

    def kill(self, seconds: float) -> bool:
        """Kill every process in the group; return whether all were gone in time."""
        until = time.monotonic() + seconds
        unit = self.directories[0].name if self.directories else ""
        while pids := self.processes():
            if time.monotonic() > until:
                return False
            for pid in pids:
                proc.signal_if(pid, signal.SIGKILL, lambda found: proc.runs_in(found, unit))
            time.sleep(_STEP)
        return True

    def remove(self) -> None:
        """Remove the group with its parts; raises :class:`OSError` if a process is in it."""
        until = time.monotonic() + _REMOVE_SECONDS
        for directory in self.directories:
            for place, _, _ in os.walk(directory, topdown=False):
                _remove_directory(Path(place), until)


def _remove_directory(directory: Path, until: float) -> None:
    # The kernel lets go of a group a moment after its last process.
    while True:
        try:
            directory.rmdir()
        except FileNotFoundError:
            return
        except OSError as error:
            if error.errno != errno.EBUSY or time.monotonic() > until:
                raise
            time.sleep(_STEP)
        else:
            return
