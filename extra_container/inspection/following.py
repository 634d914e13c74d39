"""Following logs: entries as they are written, also of containers that start again meanwhile."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.inspection.background import STEP, collect
from extra_container.journals import files
from extra_container.journals.entry import Author, Entry
from extra_container.journals.sources import Reading, Source
from extra_container.model.host import Journaled, Logged, leaders
from extra_container.systemd.console import console_lines

if TYPE_CHECKING:
    from extra_container.inspection.logs import Logs

# How often it is looked whether containers have started, where no journal tells.
_LOOK_SECONDS = 1.0


class Follower:
    """Follows the logs whose history was read, from where that ended."""

    def __init__(self, logs: Logs) -> None:
        self._logs = logs
        self._manager = logs.context.host.manager
        self._found: queue.Queue[Entry] = queue.Queue()
        self._over = threading.Event()
        self._own = {name: _Own(name, logs, self._found) for name in logs.wanted}

    def entries(self) -> Iterator[Entry | None]:
        """Yield entries for as long as they are asked for, and None now and then if there are none."""
        with ExitStack() as stack:
            stack.callback(self._over.set)
            for name, own in self._own.items():
                stack.callback(own.end)
                own.leader = self._logs.leaders.get(name)
                for source in self._logs.supervisor(name):
                    _begin(Reading(source, *_after(self._logs, source)), self._logs, stack, self._found)
                if isinstance(self._manager, Logged) and self._logs.query.unit is None:
                    collect(_tail(name, self._manager.log_file(name), self._over), self._found)
            looked = time.monotonic()
            while True:
                for own in self._own.values():
                    own.look()
                entry = self._next()
                if self._is_news(entry) or self._is_due(looked):
                    self._look_for_leaders()
                    looked = time.monotonic()
                yield entry

    def _next(self) -> Entry | None:
        with suppress(queue.Empty):
            return self._found.get(timeout=STEP)
        return None

    def _is_news(self, entry: Entry | None) -> bool:
        """Whether systemd itself wrote of a container's unit."""
        return entry is not None and entry.author is Author.SUPERVISOR and entry.pid == 1

    def _is_due(self, looked: float) -> bool:
        has_news = isinstance(self._manager, Journaled) and self._logs.query.unit is None
        return not has_news and time.monotonic() - looked > _LOOK_SECONDS

    def _look_for_leaders(self) -> None:
        for name, leader in leaders(self._logs.wanted, self._manager).items():
            if leader is not None:
                self._own[name].leader = leader


class _Own:
    """A container's own journal, which is another one, or elsewhere, when the container has started again.

    ``leader`` is its PID 1.
    """

    def __init__(self, name: str, logs: Logs, found: queue.Queue[Entry]) -> None:
        self.leader: int | None = None
        self._name = name
        self._logs = logs
        self._found = found
        self._stack = ExitStack()
        self._seen: tuple[int, tuple[str, ...]] | None = None
        self._reading: Reading | None = None

    def look(self) -> None:
        """Begin to read when there is something, and anew when a journal has come at another place."""
        if self.leader is None:
            return
        ways = files.ways(Path(f"/proc/{self.leader}/root"))
        if not ways or (self.leader, ways) == self._seen:
            return
        self._seen = (self.leader, ways)
        source = self._logs.growing(self._name, self.leader)
        cursor = None if self._reading is None else self._reading.cursor
        self.end()
        after = _after(self._logs, source) if cursor is None else (f"--after-cursor={cursor}",)
        self._reading = Reading(source, *after)
        _begin(self._reading, self._logs, self._stack, self._found)

    def end(self) -> None:
        """Read no more."""
        self._stack.close()


def _after(logs: Logs, source: Source) -> tuple[str, ...]:
    """Return the option of journalctl that begins where the history ended."""
    cursor = logs.cursor(source)
    return (f"--since=@{logs.began:.6f}",) if cursor is None else (f"--after-cursor={cursor}",)


def _begin(reading: Reading, logs: Logs, stack: ExitStack, found: queue.Queue[Entry]) -> None:
    priority = logs.query.priority
    argv = reading.argv("--follow", "--no-tail", *(() if priority is None else (f"--priority={priority}",)))
    # The program ends with the thread that starts it, which is to be this one.
    child = stack.enter_context(logs.context.runner.begin(argv))
    stack.callback(child.terminate)
    collect(reading.parsed(child.stdout), found)


def _tail(name: str, log: Path, over: threading.Event) -> Iterator[Entry]:
    """Yield the lines that are added to a file, which may be emptied and removed meanwhile."""
    place, begun = _size(log), ""
    while not over.wait(STEP):
        size = _size(log)
        if size < place:
            place, begun = 0, ""
        if size > place:
            with suppress(OSError), log.open("rb") as file:
                file.seek(place)
                text = file.read(size - place)
                place += len(text)
                *whole, begun = (begun + text.decode(errors="replace")).split("\n")
                for line in console_lines("\n".join(whole)):
                    yield Entry(container=name, author=Author.SUPERVISOR, message=line, time=time.time())


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
