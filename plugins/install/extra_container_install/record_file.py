"""The record of what set-ups made on this host, which is what can be taken back."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from extra_container.plugin import InstallError
from extra_container_install.host_files import MadeFiles

RECORD = Path("/var/lib/extra-container/install.json")
_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupRecord:
    """Files by path, oldest first, and the directories that were made for them, parents first."""

    files: MadeFiles
    directories: tuple[Path, ...] = ()


def read(path: Path = RECORD) -> SetupRecord:
    """Return what earlier set-ups made; nothing if there is no record.

    Raises :class:`.InstallError` if the record cannot be understood.
    """
    try:
        text = path.read_text()
    except FileNotFoundError:
        return SetupRecord(files={})
    try:
        document = json.loads(text)
        version = document["version"]
        record = SetupRecord(
            files={Path(name): frozenset(states) for name, states in document["files"].items()},
            directories=tuple(map(Path, document["directories"])),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InstallError(
            f"{path} is damaged: {error}", hint="Remove it; what earlier installations made then stays as it is."
        ) from error
    if version != _VERSION:
        raise InstallError(f"{path} was written by another version of extra-container", hint="Use that version.")
    return record


def write(record: SetupRecord, path: Path = RECORD) -> None:
    """Replace the record; an empty one is removed."""
    if not record.files:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "version": _VERSION,
        "files": {str(name): sorted(states) for name, states in record.files.items()},
        "directories": [str(directory) for directory in record.directories],
    }
    temporary = beside(path)
    temporary.write_text(json.dumps(document, indent=2) + "\n")
    temporary.replace(path)


def beside(path: Path) -> Path:
    """Return a new name in the same directory, for a file that will take the place of ``path``."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
