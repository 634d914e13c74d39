"""What a backup says of itself: its container, and where that came from."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from extra_container.plugin import InstalledContainer, InstallError, dataclass, layout
from extra_container.plugin_command import check_names

FORMAT = 1
LONGEST = 4 << 20
_PULLING = re.compile(r"[A-Za-z0-9:_.\\@-]{1,200}\.(wants|requires|upholds)")
_STORE_FILE = re.compile(r"[A-Za-z0-9+._?=@/-]{34,1000}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A container as it was when it was backed up.

    ``unit`` and ``conf`` are its files in the Nix store, with their texts for people; ``pulled_in_by`` are the
    directories whose links start it along with other units. ``definition`` is the program's record of where it came
    from, as JSON value. ``time`` is in seconds since the epoch.
    """

    name: str
    time: float
    unit: Path
    conf: Path
    unit_text: str
    conf_text: str
    pulled_in_by: tuple[str, ...]
    definition: Mapping[str, object] | None


def of(container: InstalledContainer, definition: Mapping[str, object] | None, time: float) -> Manifest:
    """Return the manifest of an installed container. Pure. Raises :class:`.InstallError` if parts of it are missing."""
    if container.unit is None or container.conf is None:
        missing = container.unit_link if container.unit is None else container.conf_link
        raise InstallError(
            f"{missing} is missing", hint="Create the container again from its definition, or destroy it."
        )
    return Manifest(
        name=container.name,
        time=time,
        unit=container.unit,
        conf=container.conf,
        unit_text=container.unit_text,
        conf_text=container.conf_text,
        pulled_in_by=container.pulled_in_by,
        definition=definition,
    )


def as_bytes(manifest: Manifest) -> bytes:
    """Return a manifest as JSON document. Pure."""
    entry = {
        "format": FORMAT,
        "name": manifest.name,
        "time": manifest.time,
        "unit": str(manifest.unit),
        "conf": str(manifest.conf),
        "unit_text": manifest.unit_text,
        "conf_text": manifest.conf_text,
        "pulled_in_by": list(manifest.pulled_in_by),
        "definition": manifest.definition,
    }
    return json.dumps(entry, indent=1).encode()


def from_bytes(document: bytes) -> Manifest:
    """Return the manifest that a document says; nothing of it is trusted. Pure.

    Raises ValueError for what is none, and :class:`.InstallError` for one of a later version.
    """
    try:
        entry = json.loads(document)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(entry, dict):
        raise ValueError("it is no object")  # noqa: TRY004 -- one kind of error for what is wrong with a document
    version = entry.get("format")
    if isinstance(version, int) and version > FORMAT:
        raise InstallError("A later version of extra-container wrote this backup", hint="Restore it with that one.")
    if version != FORMAT:
        raise ValueError("it has no known format")
    name = _text(entry, "name")
    check_names((name,))
    pulled_in_by = entry.get("pulled_in_by")
    if not isinstance(pulled_in_by, list) or not all(
        isinstance(one, str) and _PULLING.fullmatch(one) for one in pulled_in_by
    ):
        raise ValueError("pulled_in_by is wrong")
    definition, time = entry.get("definition"), entry.get("time")
    if not (definition is None or isinstance(definition, dict)) or not isinstance(time, int | float):
        raise ValueError("definition or time is wrong")
    return Manifest(
        name=name,
        time=float(time),
        unit=_store_file(entry, "unit"),
        conf=_store_file(entry, "conf"),
        unit_text=_text(entry, "unit_text"),
        conf_text=_text(entry, "conf_text"),
        pulled_in_by=tuple(cast("list[str]", pulled_in_by)),
        definition=definition,
    )


def _text(entry: Mapping[str, Any], key: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str):
        raise ValueError(f"{key} is no text")  # noqa: TRY004 -- one kind of error for what is wrong with a document
    return value


def _store_file(entry: Mapping[str, Any], key: str) -> Path:
    text = _text(entry, key)
    path = Path(text)
    if not _STORE_FILE.fullmatch(text) or ".." in path.parts or layout.STORE not in path.parents:
        raise ValueError(f"{key} is no file in the Nix store")
    return path
