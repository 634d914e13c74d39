"""The last journal of a container that did not start, kept beyond its removal until the next run that makes it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from extra_container.journals import files, kept
from extra_container.journals.entry import Author, Entry, as_json, from_json
from extra_container.journals.sources import Query, Reading, Source
from extra_container.json_text import loads
from extra_container.model.host import Journaled
from extra_container.state import private

if TYPE_CHECKING:
    from pathlib import Path

    from extra_container.model.host import Host
    from extra_container.process import Runner

_LINES = 2000
_FILES = 50  # the oldest go first


def keep(name: str, root: Path, host: Host, runner: Runner) -> None:
    """Keep what a container wrote that is about to be removed: its own journal, and its supervisor's log.

    Where the supervisor writes to the host's journal, that keeps it. ``root`` is the directory that is the container's
    ``/``. Raises OSError if it cannot be written.
    """
    found: list[Entry] = []
    if not isinstance(host.manager, Journaled):
        found += untimed(name, host, _LINES)
    found += own(name, root, Query(lines=_LINES), runner)
    if not found:
        return
    directory = kept.directory(host.state_directory)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = "".join(json.dumps(as_json(entry)) + "\n" for entry in found)
    private.write(directory / name, text)
    all_kept = sorted(directory.iterdir(), key=lambda file: file.lstat().st_mtime)
    for old in all_kept[:-_FILES]:
        old.unlink(missing_ok=True)


def read(name: str, host: Host) -> tuple[Entry, ...]:
    """Return what is kept of a container; nothing if nothing is."""
    try:
        text = (kept.directory(host.state_directory) / name).read_text(encoding="ascii")
    except (OSError, ValueError):
        return ()
    return tuple(entry for line in text.splitlines() if (entry := _kept(line)) is not None)


def _kept(line: str) -> Entry | None:
    try:
        return from_json(loads(line))
    except (ValueError, TypeError, AttributeError):
        return None  # a disk that was full, or broke, has cut it off


def own(name: str, root: Path, query: Query, runner: Runner) -> Iterator[Entry]:
    """Yield what a container that does not run has in the journal below its directory."""
    source = below(name, root, query)
    if source is not None and runner.look("journalctl") is not None:
        yield from Reading(source, *query.options()).entries(runner)


def below(name: str, root: Path, query: Query) -> Source | None:
    """Return the journal below a directory, None if there is none."""
    found = files.of_root(root)
    selection = (*(f"--file={file}" for file in found), *query.selection())
    return Source(container=name, author=Author.CONTAINER, selection=selection) if found else None


def untimed(name: str, host: Host, lines: int) -> list[Entry]:
    """Return the last lines of a supervisor that writes into a log of its own."""
    return [Entry(container=name, author=Author.SUPERVISOR, message=line) for line in host.manager.journal(name, lines)]
