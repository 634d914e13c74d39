"""What a job may change and what becomes of it, in a directory that is there after a restart of the machine, too."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from extra_container.plugin import ContainerError, dataclass, remove_tree
from extra_container_remote.job.notes import Notes

CONFIRMED, BACK = "confirmed", "back"
FAILED = "failed"  # by itself, and took back what it did
_PLACE = "unconfirmed"
_KEPT_SECONDS = 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Notes):
    """The change of a job.

    Who is first decides its fate, the one who confirms or whoever goes back: both make the same file, which one of them
    finds. ``settled`` is the exit code that going back came to.
    """

    @property
    def name(self) -> str:
        """The job's name."""
        return self.directory.name

    def make(self, before: Mapping[str, Mapping[str, object]]) -> None:
        """Write down how the containers are that may be changed, by name."""
        self.directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.exists:  # it is of another job of that name, in an earlier boot
            self.forget()
        self.directory.mkdir(mode=0o700)
        self.note("before", json.dumps(before))
        Notes(directory=self.directory.parent).keep()

    @property
    def before(self) -> Mapping[str, Any] | None:
        """How the containers were, None if that was not written down: nothing was changed."""
        noted = self.noted("before")
        return None if noted is None else dict(json.loads(noted))

    @property
    def after(self) -> Mapping[str, int | None]:
        """The generations of the containers when the job was over, empty if it did not come to that."""
        return dict(json.loads(self.noted("after") or "{}"))

    @property
    def fate(self) -> str | None:
        """What was decided, None as long as it may still be confirmed."""
        return self.noted("fate")

    @property
    def settled(self) -> int | None:
        """What going back came to, None if that is not over."""
        noted = self.noted("settled")
        return None if noted is None else int(noted)

    @property
    def is_open(self) -> bool:
        """Whether it is still to be decided, or to be gone back from."""
        fate = self.fate
        return self.exists and (fate is None or (fate == BACK and self.settled is None))

    def decide(self, fate: str) -> bool:
        """Decide what becomes of it; return whether nobody had decided before."""
        draft = self.directory / f"fate.{fate}"
        draft.write_text(f"{fate}\n", encoding="ascii")
        try:
            (self.directory / "fate").hardlink_to(draft)
        except FileExistsError:
            return False
        self.keep()
        return True

    def forget(self) -> None:
        """Remove what is known of it."""
        remove_tree(self.directory)

    def require_settling(self) -> None:
        """Raise :class:`.ContainerError` if nobody is at work any more to go back."""
        if not self.is_worked_on() and self.settled is None:
            raise ContainerError(
                f"Going back from the job {self.name} was ended from outside before it was done",
                hint="`extra-container status` shows what runs, `extra-container generations NAME` what there was.",
            )


def find(home: Path, name: str) -> Change:
    """Return the change of the job of a name."""
    return Change(directory=home / _PLACE / name)


def every(home: Path) -> Iterator[Change]:
    """Return all changes that something is known of, sorted by name."""
    with suppress(FileNotFoundError):
        yield from (Change(directory=directory) for directory in sorted((home / _PLACE).iterdir()))


def sweep(home: Path) -> None:
    """Remove changes that were decided a day ago."""
    for one in every(home):
        with suppress(FileNotFoundError):
            if not one.is_open and time.time() - (one.directory / "fate").stat().st_mtime > _KEPT_SECONDS:
                one.forget()
