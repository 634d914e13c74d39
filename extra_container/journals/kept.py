"""Where the last journals of containers that did not start are kept, and that they go when these are made anew."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def directory(state: Path) -> Path:
    """Return the directory with a file for each container; ``state`` is the host's directory of what is remembered."""
    return state / "journals"


def forget(names: Iterable[str], state: Path) -> None:
    """Drop what is kept of containers. Raises OSError if it cannot be removed."""
    place = directory(state)
    for name in names:
        (place / name).unlink(missing_ok=True)
