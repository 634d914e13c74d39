"""The files of the journal that a container keeps below its directory, for when it does not run."""

from __future__ import annotations

import os
import stat
from pathlib import Path

_WAYS = (("var", "log", "journal"), ("run", "log", "journal"))


def of_root(root: Path) -> tuple[Path, ...]:
    """Return the files, sorted; links are passed over, since they would lead out of the container."""
    found = [
        file
        for way in _WAYS
        if (place := _reached(root, way)) is not None
        for machine in _entries(place)
        if _is(machine, stat.S_ISDIR)
        for file in _entries(machine)
        if file.suffix in {".journal", ".journal~"} and _is(file, stat.S_ISREG)
    ]
    return tuple(sorted(found))


def leads_nowhere_else(root: Path) -> bool:
    """Whether the ways to the journals below a directory stay below it, so that they may be followed."""
    return not any(root.joinpath(*way[:length]).is_symlink() for way in _WAYS for length in range(1, len(way) + 1))


def ways(root: Path) -> tuple[str, ...]:
    """Return the places below a directory where there are journals."""
    return tuple("/".join(way) for way in _WAYS if (place := _reached(root, way)) is not None and _entries(place))


def _reached(root: Path, way: tuple[str, ...]) -> Path | None:
    for step in way:
        root /= step
        if not _is(root, stat.S_ISDIR):
            return None
    return root


def _entries(directory: Path) -> list[Path]:
    try:
        return sorted(directory.iterdir())
    except OSError:
        return []  # it is going away


def _is(path: Path, is_kind: object) -> bool:
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return False
    return bool(is_kind(mode)) if callable(is_kind) else False
