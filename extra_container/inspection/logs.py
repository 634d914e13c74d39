"""The logs of containers: their own journals, and what their supervisors wrote, wherever that is."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.journals import files, last
from extra_container.journals.entry import Author, Entry
from extra_container.journals.sources import Query, Reading, Source, matches, merged
from extra_container.model.errors import ExtraContainerError, UsageError
from extra_container.model.host import ActiveState, Journaled, leaders
from extra_container.pipeline import control, inside

if TYPE_CHECKING:
    from extra_container.pipeline.context import Context

_MANY = 1_000_000  # lines; more than any log has that a manager keeps by itself


class Logs:
    """What is to be read of some containers. ``complaints`` are the journals that could not be read, by container."""

    def __init__(self, wanted: Sequence[str], query: Query, context: Context) -> None:
        self.wanted = tuple(wanted)
        self.query = query
        self.context = context
        self.began = time.time()
        self.leaders = self._running()
        self._readings: list[tuple[Source, Reading]] = []

    @property
    def complaints(self) -> tuple[str, ...]:
        """What the programs that read the journals complained of."""
        return tuple(
            f"A journal of {source.container} cannot be read: {reading.complaint}"
            for source, reading in self._readings
            if reading.complaint
        )

    def entries(self) -> Iterable[Entry]:
        """Return all entries that there are by now."""
        parts = [part for name in self.wanted for part in self._parts(name)]
        return merged(parts, self.query.lines)

    def cursor(self, source: Source) -> str | None:
        """Return where the entries that a source has, too, had been read to; None if none of them was."""
        alike = (
            reading.cursor
            for one, reading in self._readings
            if (one.container, one.author) == (source.container, source.author)
        )
        return next((cursor for cursor in alike if cursor is not None), None)

    def growing(self, name: str, leader: int) -> Source:
        """Return a running container's own journal, as it is followed."""
        root = Path(f"/proc/{leader}/root")
        if not files.leads_nowhere_else(root) or not self._reads(name, root):
            return self._inside(name, leader)
        selection = (f"--root={root}", *self.query.selection())
        return Source(container=name, author=Author.CONTAINER, selection=selection)

    def require(self, seen: Collection[str]) -> None:
        """Raise :class:`.UsageError` for the first container that there is not, and of which nothing was ``seen``."""
        for name in self.wanted:
            if name not in seen and not control.exists(name, self.context):
                raise UsageError(
                    f"The container {name} does not exist, and nothing is known of it",
                    hint="`extra-container list` shows those that do.",
                )

    def _parts(self, name: str) -> Iterator[Iterable[Entry]]:
        leader, is_there = self.leaders.get(name), control.exists(name, self.context)
        for source in (*self.supervisor(name), *self._own(name, leader, is_there=is_there)):
            reading = Reading(source, *self.query.options())
            self._readings.append((source, reading))
            yield reading.entries(self.context.runner)
        kept = [entry for entry in last.read(name, self.context.host) if matches(entry, self.query)]
        # What is there is read where it is.
        yield [entry for entry in kept if not is_there or entry.author is Author.SUPERVISOR]
        if self.query.unit is None and is_there and not isinstance(self.context.host.manager, Journaled):
            yield last.untimed(name, self.context.host, self.query.lines or _MANY)

    def supervisor(self, name: str) -> tuple[Source, ...]:
        """Return the part of the host's journal that is about a container, nothing where there is none."""
        manager = self.context.host.manager
        if self.query.unit is not None or not isinstance(manager, Journaled):
            return ()
        return (Source(container=name, author=Author.SUPERVISOR, selection=manager.journal_options(name)),)

    def _own(self, name: str, leader: int | None, *, is_there: bool) -> tuple[Source, ...]:
        if not is_there:
            return ()
        root = control.root(name, self.context) if leader is None else Path(f"/proc/{leader}/root")
        source = last.below(name, root, self.query)
        if leader is not None and not self._reads(name, root):
            source = self._inside(name, leader)
        return () if source is None else (source,)

    def _reads(self, name: str, root: Path) -> bool:
        """Whether the host's journalctl can read a container's journal; that of a newer systemd it may not."""
        source = last.below(name, root, Query())
        if source is None or self.context.runner.look("journalctl") is None:
            return False
        done = self.context.runner.run(source.argv("--lines=1"), check=False)
        return done.returncode == 0 and bool(done.stdout)

    def _inside(self, name: str, leader: int) -> Source:
        """Return a running container's own journal, as its own journalctl reads it."""
        runtime = self.context.host.runtime_directory
        wrap = partial(inside.run_argv, leader, name=name, runtime=runtime)
        return Source(container=name, author=Author.CONTAINER, selection=self.query.selection(), wrap=wrap)

    def _running(self) -> dict[str, int]:
        """Return PID 1 of those containers that can be entered."""
        manager = self.context.host.manager
        try:
            states = manager.states(self.wanted)
            found = leaders(self.wanted, manager)
        except ExtraContainerError:
            return {}  # what was written can be read nevertheless
        ending = {name for name, state in states.items() if state.active is ActiveState.DEACTIVATING}
        return {name: pid for name, pid in found.items() if pid is not None and name not in ending}
