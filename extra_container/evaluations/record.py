"""The record of an evaluation, and its file: versioned, and of nobody else."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, cast

from extra_container.evaluations.facts import Fact, Stamp, Trust
from extra_container.evaluations.sight import Kind, Observation
from extra_container.model.errors import HostError
from extra_container.state import private

_VERSION = 1
_LARGEST = 128 * 1024 * 1024
# There are two files for each definition, with each set of variables.
_MOST_FILES = 128
_SUFFIX = ".json"
# An enum's own look-up takes several times as long, and there are ten thousand facts.
_KINDS = {kind.value: kind for kind in Kind}
_TRUSTS = {trust.value: trust for trust in Trust}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What an evaluation saw, and what came of it.

    ``told`` are the lines that Nix printed for people. ``host_base`` is whether the host base was chosen, ``missing``
    what the small evaluation lacked if it did, and ``evaluation`` the way that worked. ``derivation`` and ``output``
    are store paths; ``output`` is ``None`` if nothing was built.
    """

    facts: tuple[Fact, ...]
    told: tuple[str, ...]
    host_base: bool
    missing: str | None
    evaluation: str
    derivation: str
    output: str | None


def read(directory: Path, key: str, store: str) -> Record | None:
    """Return the record with this key; ``None`` if there is none, or none that can be trusted and understood."""
    try:
        document = json.loads(text(directory, f"{key}{_SUFFIX}"))
        return _record(document, key, store)
    except (HostError, OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def write(directory: Path, key: str, record: Record) -> None:
    """Keep a record; the oldest ones go when there are many. Raises :class:`.HostError` and OSError."""
    write_text(directory, f"{key}{_SUFFIX}", json.dumps(_document(record, key), separators=(",", ":")))


def forget(directory: Path, key: str) -> None:
    """Remove a record; where that cannot be, it goes on being compared."""
    with suppress(OSError):
        (directory / f"{key}{_SUFFIX}").unlink(missing_ok=True)


def write_text(directory: Path, name: str, text: str) -> None:
    """Replace a file, all or nothing, which nobody else may read. Raises as :func:`write` does."""
    private.ensure(directory)
    temporary = directory / f"{name}.{os.getpid()}.new"
    temporary.unlink(missing_ok=True)  # of a process that was killed
    try:
        with _open_new(temporary) as stream:
            stream.write(text)
        temporary.replace(directory / name)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    _remove_oldest(directory)


def text(directory: Path, name: str) -> str:
    """Return what is in a file that this user wrote and nobody else could.

    Raises :class:`.HostError`, OSError, and ValueError for another one.
    """
    if not directory.is_dir():
        raise FileNotFoundError(directory)
    private.ensure(directory)
    return _text(directory / name)


def _open_new(file: Path) -> TextIO:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    return os.fdopen(descriptor, "w", encoding="ascii")


def _text(file: Path) -> str:
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, encoding="ascii") as stream:
        status = os.fstat(descriptor)
        is_own = status.st_uid == os.geteuid() and not status.st_mode & 0o022
        if not is_own or not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST:
            raise ValueError("it is not trusted")
        return stream.read()


def _remove_oldest(directory: Path) -> None:
    ages: list[tuple[float, Path]] = []
    for file in directory.iterdir():
        with suppress(FileNotFoundError):
            ages.append((file.stat().st_mtime, file))
    for _, file in sorted(ages, reverse=True)[_MOST_FILES:]:
        file.unlink(missing_ok=True)


def _document(record: Record, key: str) -> Mapping[str, object]:
    return {
        "version": _VERSION,
        "key": key,
        "facts": [_as_json(fact) for fact in record.facts],
        "told": record.told,
        "host_base": record.host_base,
        "missing": record.missing,
        "evaluation": record.evaluation,
        "derivation": record.derivation,
        "output": record.output,
    }


def _as_json(fact: Fact) -> list[object]:
    kind, path, mode = fact.observation
    return [kind.value, path, mode, fact.trust.value, fact.error, fact.answer, fact.stamp]


def _record(document: object, key: str, store: str) -> Record:
    entry = cast("dict[str, object]", document)
    if entry["version"] != _VERSION or entry["key"] != key:
        raise ValueError("it is of another version")
    output = entry["output"]
    return Record(
        facts=tuple(_fact(fact) for fact in cast("Iterable[list[object]]", entry["facts"])),
        told=tuple(_string(line) for line in cast("list[object]", entry["told"])),
        host_base=entry["host_base"] is True,
        missing=None if entry["missing"] is None else _string(entry["missing"]),
        evaluation=_string(entry["evaluation"]),
        derivation=_store_path(entry["derivation"], store),
        output=None if output is None else _store_path(output, store),
    )


def _fact(entry: list[object]) -> Fact:
    kind, path, mode, trust, error, answer, stamp = entry
    if not isinstance(mode, int) or not (answer is None or isinstance(answer, (str, int))):
        raise TypeError("it is no fact")
    return Fact(
        Observation(_KINDS[cast("str", kind)], _string(path), mode),
        _TRUSTS[cast("str", trust)],
        None if error is None else _string(error),
        answer,
        None if stamp is None else _stamp(cast("list[object]", stamp)),
    )


def _stamp(entry: list[object]) -> Stamp:
    device, inode, size, modified, changed = (number for number in entry if isinstance(number, int))
    return (device, inode, size, modified, changed)


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("it is no text")
    return value


def _store_path(value: object, store: str) -> str:
    path = _string(value)
    if not re.fullmatch(rf"{re.escape(store)}/[0-9a-z]{{32}}-[0-9A-Za-z+._?=-]+", path):
        raise ValueError("it is no store path")
    return path
