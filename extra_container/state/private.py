"""The directory of what the program remembers until the next boot, which nobody but root may write to."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from extra_container.model.errors import HostError

if TYPE_CHECKING:
    from pathlib import Path


def ensure(directory: Path) -> None:
    """Make the directory unless it is there.

    One that somebody else owns or can write to is not used, and not repaired either: nobody knows who made what is in
    it. Raises :class:`.HostError` for such a one, and OSError if there can be none.
    """
    directory.mkdir(mode=0o755, parents=True, exist_ok=True)
    check(directory)


def check(directory: Path) -> None:
    """Raise :class:`.HostError` for a directory that users other than root own or can write to; OSError without it."""
    for status in (directory.lstat(), directory.stat()):
        if status.st_uid not in {0, os.geteuid()} or (not stat.S_ISLNK(status.st_mode) and status.st_mode & 0o022):
            raise HostError(
                f"Users other than root can write to {directory} "
                f"(owner {status.st_uid}, mode {stat.S_IMODE(status.st_mode):04o})",
                hint=f"Look at what is in it, then: chown root: {directory} && chmod go-w {directory}",
            )
