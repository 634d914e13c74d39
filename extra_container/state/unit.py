"""What belongs to a unit and does not stand in its file: the links that start it, and the file of its restart triggers.

Sources: systemd.unit(5); ``nixos/lib/systemd-lib.nix`` of nixpkgs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from extra_container.state import text_file

_KINDS = (".wants", ".requires", ".upholds")
_TRIGGERS = "X-Restart-Triggers"
# `pkgs.writeText "X-Restart-Triggers-…"`: a hash of 32 characters stands before the name.
_FILE_OF_TRIGGERS = re.compile(rf"[0-9a-z]{{32}}-{_TRIGGERS}-.*")


def pulling_directories(unit_directory: Path) -> list[Path]:
    """Return the directories ``UNIT.wants``, ``UNIT.requires`` and ``UNIT.upholds`` of a unit directory, sorted."""
    try:
        names = os.listdir(unit_directory)  # noqa: PTH208 -- names are wanted
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [unit_directory / name for name in sorted(names) if name.endswith(_KINDS)]


def pulled_in_by(unit_directory: Path) -> Mapping[str, tuple[str, ...]]:
    """Return the units that :func:`pulling_directories` have links to, with the names of these directories, sorted."""
    found: dict[str, tuple[str, ...]] = {}
    for place in pulling_directories(unit_directory):
        with suppress(FileNotFoundError, NotADirectoryError), os.scandir(place) as entries:
            for entry in entries:
                if entry.is_symlink():
                    found[entry.name] = (*found.get(entry.name, ()), place.name)
    return found


def restart_triggers(unit_text: str) -> tuple[str, ...]:
    """Return the words of a unit's restart triggers, sorted.

    Older releases put them on the line, newer ones into a file that it names. A file that cannot be read is a word.
    """
    lines = (line.partition("=") for line in unit_text.splitlines())
    words = (word for key, _, value in lines if key == _TRIGGERS for word in value.split())
    return tuple(sorted(trigger for word in words for trigger in _content(word)))


def _content(word: str) -> list[str]:
    path = Path(word)
    if not _FILE_OF_TRIGGERS.fullmatch(path.name):
        return [word]
    try:
        return text_file.read(path, errors="replace").split()
    except OSError:
        return [word]
