"""Where the lines of containers come from, and how they are merged."""

from __future__ import annotations

import heapq
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO, TYPE_CHECKING

from extra_container.journals.entry import Author, Entry, parse
from extra_container.model.frozen import dataclass
from extra_container.model.plain import one_line

if TYPE_CHECKING:
    from extra_container.process import Runner

# Prints entries as JSON, one a line, with all that their fields hold.
AS_JSON = ("journalctl", "--quiet", "--no-pager", "--output=json", "--all")
# As systemd.exec(5) and journalctl(1) call them.
PRIORITIES = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which lines are asked for.

    ``lines`` is how many of the last ones, None for all; ``since`` a time in seconds since the epoch; ``unit`` a unit
    in the container, with which nothing of the supervisor is asked for; ``priority`` the least grave that counts.
    """

    lines: int | None = None
    since: float | None = None
    unit: str | None = None
    priority: str | None = None

    def selection(self) -> tuple[str, ...]:
        """Return the options of journalctl that say whose lines of a container are asked for."""
        return () if self.unit is None else (f"--unit={self.unit}",)

    def options(self) -> tuple[str, ...]:
        """Return the options of journalctl."""
        given = {"--lines": self.lines, "--since": None if self.since is None else f"@{self.since:.6f}"}
        given |= {"--priority": self.priority}
        return tuple(f"{option}={value}" for option, value in given.items() if value is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A journal that holds lines of a container: ``selection`` are journalctl's options that say which.

    ``wrap`` turns a command line into the one that runs where the journal is.
    """

    container: str
    author: Author
    selection: tuple[str, ...]
    wrap: Callable[[Sequence[str]], Sequence[str]] = tuple

    def argv(self, *options: str) -> Sequence[str]:
        """Return the command line that prints entries as JSON, one a line."""
        return self.wrap((*AS_JSON, *self.selection, *options))


class Reading:
    """A program that prints a source's entries; what it complains of is in ``complaint`` when it has ended badly."""

    def __init__(self, source: Source, *options: str) -> None:
        self._source = source
        self._options = options
        self.complaint: str | None = None
        self.cursor: str | None = None

    def argv(self, *more: str) -> Sequence[str]:
        """Return the program's command line, with further options."""
        return self._source.argv(*self._options, *more)

    def entries(self, runner: Runner) -> Iterator[Entry]:
        """Yield the entries as they come; the program ends with the iterator."""
        with (
            open(os.memfd_create("stderr"), "w+", errors="replace") as complaints,  # noqa: PTH123 -- a descriptor
            runner.begin(self.argv(), stderr=complaints) as child,
        ):
            yield from self.parsed(child.stdout)
            if child.wait() != 0:
                complaints.seek(0)
                said = complaints.read().strip().splitlines()
                self.complaint = one_line(said[-1]) if said else f"journalctl ended with code {child.returncode}"

    def parsed(self, stream: IO[str] | None) -> Iterator[Entry]:
        """Yield the entries of what the program prints."""
        for line in stream or ():
            entry = parse(line, self._source.container, self._source.author)
            if entry is not None:
                self.cursor = entry.cursor
                yield entry


def merged(parts: Iterable[Iterable[Entry]], lines: int | None) -> Iterable[Entry]:
    """Return entries in the order of their time, the last ``lines`` of them; those without time stand first. Pure."""
    found = heapq.merge(*parts, key=lambda entry: entry.time or 0.0)
    return found if lines is None else deque(found, maxlen=lines)


def matches(entry: Entry, query: Query) -> bool:
    """Whether an entry that was kept is asked for, as journalctl would say. Pure."""
    if query.since is not None and entry.time is not None and entry.time < query.since:
        return False
    if query.unit is not None and entry.unit not in {query.unit, f"{query.unit}.service"}:
        return False
    if query.priority is None or entry.priority is None:
        return True
    return entry.priority <= (PRIORITIES.index(query.priority) if query.priority in PRIORITIES else int(query.priority))
