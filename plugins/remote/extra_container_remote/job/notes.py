"""What is written down of a job, in files of a directory, each in one step; and who is at work with it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from extra_container.plugin import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """A directory of notes. ``alive`` in it is locked as long as somebody works on what they are about."""

    directory: Path

    @property
    def exists(self) -> bool:
        """Whether there is such a directory."""
        return self.directory.exists()

    @property
    def _alive(self) -> Path:
        return self.directory / "alive"

    def is_worked_on(self) -> bool | None:
        """Whether somebody works on it, None if nobody has begun."""
        try:
            with self._alive.open() as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except FileNotFoundError:
            return None
        return False

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Be the one who works on it."""
        # A lock that others can see is held: one that is not would mean that its owner has gone.
        begins = not self._alive.exists()
        fresh = self._alive.with_suffix(".new") if begins else self._alive
        with fresh.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if begins:
                fresh.rename(self._alive)
            yield

    def note(self, what: str, text: str) -> None:
        """Write something down, in one step; it is there after a crash of the machine, if the directory is."""
        fresh = self.directory / f"{what}.new"
        with fresh.open("w", encoding="utf-8") as file:
            file.write(f"{text}\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(self.directory / what)
        self.keep()

    def noted(self, what: str) -> str | None:
        """Return what was written down, None if nothing was."""
        try:
            return (self.directory / what).read_text(encoding="utf-8").rstrip("\n")
        except FileNotFoundError:
            return None

    def keep(self) -> None:
        """Have the names of the directory on the disk."""
        descriptor = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
