"""The files of a job, in a directory of its own that only root can enter and that is gone after the next boot."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

from extra_container.plugin import ContainerError, UsageError, dataclass, remove_tree
from extra_container_remote.job.notes import Notes

_KEPT_SECONDS = 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(Notes):
    """A job's directory. ``code`` comes when it is over."""

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

    def finish(self, code: int) -> None:
        """Note the exit code."""
        self.note("code", str(code))

    def code(self) -> int | None:
        """Return the exit code, None as long as it is not over."""
        noted = self.noted("code")
        return None if noted is None else int(noted)

    def require_alive(self, since: float, patience: float) -> None:
        """Raise :class:`.ContainerError` if nobody works on it: not any more, or not after ``patience`` seconds."""
        worked_on = self.is_worked_on()
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
