"""The files of a job, in a directory of its own that only root can enter and that is gone after the next boot."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from extra_container.plugin import ContainerError, UsageError, dataclass, remove_tree

_KEPT_SECONDS = 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job's directory. ``code`` comes when it is over; ``alive`` is locked as long as somebody works on it."""

    directory: Path

    @property
    def out(self) -> Path:
        """What it printed."""
        return self.directory / "stdout"

    @property
    def err(self) -> Path:
        """What it said."""
        return self.directory / "stderr"

    @property
    def root(self) -> Path:
        """The link that keeps what it needs of the store."""
        return self.directory / "result"

    @property
    def _alive(self) -> Path:
        return self.directory / "alive"

    @property
    def exists(self) -> bool:
        """Whether there is such a job."""
        return self.directory.exists()

    def make(self) -> bool:
        """Make the files; return whether they were not there before."""
        self.directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self.directory.mkdir(mode=0o700)
        except FileExistsError:
            return False
        self.out.touch()
        self.err.touch()
        return True

    def _is_worked_on(self) -> bool | None:
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

    def finish(self, code: int) -> None:
        """Note the exit code."""
        self.note("code", str(code))

    def code(self) -> int | None:
        """Return the exit code, None as long as it is not over."""
        noted = self.noted("code")
        return None if noted is None else int(noted)

    def note(self, what: str, text: str) -> None:
        """Write something down, in one step."""
        fresh = self.directory / f"{what}.new"
        fresh.write_text(f"{text}\n", encoding="utf-8")
        fresh.rename(self.directory / what)

    def noted(self, what: str) -> str | None:
        """Return what was written down, None if nothing was."""
        try:
            return (self.directory / what).read_text(encoding="utf-8").rstrip("\n")
        except FileNotFoundError:
            return None

    def decide(self, fate: str) -> bool:
        """Decide what becomes of its change; return whether nobody had decided before."""
        draft = self.directory / f"fate.{fate}"
        draft.write_text(f"{fate}\n", encoding="ascii")
        try:
            (self.directory / "fate").hardlink_to(draft)
        except FileExistsError:
            return False
        return True

    def require_settling(self) -> None:
        """Raise :class:`.ContainerError` if nobody is at work any more to go back."""
        if not self._is_worked_on() and self.noted("settled") is None:
            raise ContainerError(
                f"Going back from the job {self.directory.name} was ended from outside before it was done",
                hint="`extra-container status` shows what runs, `extra-container generations NAME` what there was.",
            )

    def require_alive(self, since: float, patience: float) -> None:
        """Raise :class:`.ContainerError` if nobody works on it: not any more, or not after ``patience`` seconds."""
        worked_on = self._is_worked_on()
        if worked_on or (worked_on is None and time.monotonic() - since < patience):
            return
        if self.code() is None:
            raise ContainerError(
                f"The job {self.directory.name} was ended from outside before it was done",
                hint="Repeat the command: it finds out what was done, and does the rest.",
            )


def find(home: Path, name: str) -> Job:
    """Return the job of a name. Raises :class:`.UsageError` for what can be none."""
    if not (name.isascii() and name.replace("-", "").isalnum() and len(name) <= 64 and name[0] != "-"):
        raise UsageError(f"{name!r} is no name of a job", hint="Names have letters, digits and dashes.")
    return Job(directory=home / "jobs" / name)


def sweep(home: Path) -> None:
    """Remove jobs that have been over for a day."""
    with suppress(FileNotFoundError):
        for directory in (home / "jobs").iterdir():
            job = Job(directory=directory)
            with suppress(FileNotFoundError):
                age = time.time() - (directory / "code").stat().st_mtime
                if job.code() is not None and age > _KEPT_SECONDS:
                    remove_tree(directory)
