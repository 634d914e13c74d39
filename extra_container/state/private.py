"""What nobody but root may write to: the directory of what is remembered until the next boot; or read: files."""

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


# Ends the name of a file that is being written.
DRAFT = ".new"


def write(file: Path, text: str) -> None:
    """Write a file that only root can read, in one step. Its directory is root's alone. Raises OSError."""
    temporary = file.with_suffix(DRAFT)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    os.replace(temporary, file)  # noqa: PTH105 -- as the descriptor
