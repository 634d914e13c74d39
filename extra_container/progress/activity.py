"""Nix' log in JSON (``--log-format internal-json``), a line at a time: what it says, and how far it is.

Nix calls the format internal. What is read of it is the same from 2.8 to 2.34, and what is unknown is passed over.
Source: ``src/libutil/logging.hh`` and ``src/libmain/progress-bar.cc`` of Nix.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum

from extra_container.model.frozen import dataclass
from extra_container.nix import build_failure
from extra_container.progress.work import Work

_PREFIX = "@nix "
# Control sequences and operating system commands; see ECMA-48.
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
_STORE_PATH = re.compile(r"(?:.*/)?[0-9a-z]{32}-(.+)\.drv")
# Levels above it tell what goes on, those up to it what somebody has to know: errors, warnings, notices.
_ERROR, _NOTICE, _INFO = 0, 2, 3
_LOG_LINES = 10


class _Kind(IntEnum):
    """Kinds of activities."""

    COPY_PATH = 100
    FILE_TRANSFER = 101
    COPY_PATHS = 103
    BUILDS = 104
    BUILD = 105


class _Result(IntEnum):
    """Kinds of what is told of an activity."""

    BUILD_LOG_LINE = 101
    PROGRESS = 105
    SET_EXPECTED = 106
    POST_BUILD_LOG_LINE = 107


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of text. ``important`` is whether somebody has to know it.

    With ``note`` it is said by this program; all other lines are those that Nix prints without JSON.
    """

    text: str
    important: bool
    note: bool = False


class _Activity:
    """An activity that goes on. ``expected`` are how much of each kind it says that there is to do."""

    __slots__ = ("derivation", "expected", "kind", "progress")

    def __init__(self, kind: int, derivation: str) -> None:
        self.kind = kind
        self.derivation = derivation
        self.progress = (0, 0)
        self.expected: dict[int, int] = {}


class Decoder:
    """Reads the log of one process. Nothing that it is given makes it fail."""

    def __init__(self) -> None:
        self._activities: dict[int, _Activity] = {}
        self._done: dict[int, int] = {}
        self._most: dict[int, tuple[int, int]] = {}
        self._logs: dict[str, deque[str]] = {}
        self._line = ""

    def read(self, text: str) -> tuple[Line, ...]:
        """Take one line of what the process wrote to stderr; return the lines of text that it stands for."""
        if not text.startswith(_PREFIX):
            return (Line(text=text, important=True),)  # by somebody else, such as a program that Nix runs
        try:
            entry = json.loads(text.removeprefix(_PREFIX))
            return tuple(self._take(entry))
        except (ValueError, TypeError, AttributeError, RecursionError):
            return (Line(text=text, important=True),)

    @property
    def work(self) -> Work:
        """How far the process is. What is done never becomes less, although Nix may count anew."""
        running = tuple(map(_name, self._building()))
        copied, transferred = self._counted(_Kind.COPY_PATH), self._counted(_Kind.FILE_TRANSFER)
        return Work(
            builds=self._counted(_Kind.BUILDS),
            paths=self._counted(_Kind.COPY_PATHS),
            # A path that is downloaded is counted as it comes, and once more as it is unpacked.
            fetched=transferred if transferred[1] else copied,
            building=running,
            line=self._line,
        )

    def _take(self, entry: Mapping[str, object]) -> Iterator[Line]:
        match entry:
            case {"action": "msg", "level": int(level), "msg": str(message)}:
                lines = _plain(message).splitlines() or [""]
                if level == _ERROR:
                    yield from self._notes(lines)
                for line in lines:
                    yield Line(text=line, important=level <= _NOTICE)
            case {"action": "start", "id": int(number), "type": int(kind)}:
                fields = entry.get("fields")
                self._activities[number] = _Activity(
                    kind, str(fields[0]) if isinstance(fields, list) and fields else ""
                )
                if (message := _plain(str(entry.get("text", "")))) and _level(entry) <= _INFO:
                    yield Line(text=f"{message}...", important=False)
            case {"action": "stop", "id": int(number)}:
                self._stop(number)
            case {"action": "result", "id": int(number), "type": int(kind), "fields": [*fields]}:
                yield from self._result(number, kind, fields)

    def _building(self) -> tuple[str, ...]:
        """Return the derivations whose builders run."""
        return tuple(one.derivation for one in self._activities.values() if one.kind == _Kind.BUILD)

    def _notes(self, lines: Sequence[str]) -> Iterator[Line]:
        """Tell of a build that failed while others go on, which Nix waits for: its error ends the command only then."""
        for failure in build_failure.failures(lines):
            if set(self._building()) - {failure.derivation}:
                log = failure.log or tuple(self._logs.get(failure.derivation, ()))
                end = " The end of its log:" if log else ""
                told = f"{_name(failure.derivation)} could not be built: {failure.reason}. Other builds go on.{end}"
                for line in (told, *(f"  {line}" for line in log)):
                    yield Line(text=line, important=True, note=True)

    def _stop(self, number: int) -> None:
        ended = self._activities.pop(number, None)
        if ended is not None:
            self._done[ended.kind] = self._done.get(ended.kind, 0) + ended.progress[0]

    def _result(self, number: int, kind: int, fields: Sequence[object]) -> Iterator[Line]:
        activity = self._activities.get(number)
        match kind, fields:
            case _Result.BUILD_LOG_LINE | _Result.POST_BUILD_LOG_LINE, [str(line), *_]:
                self._line = _plain(line).strip() or self._line
                if activity is not None:
                    self._logs.setdefault(activity.derivation, deque(maxlen=_LOG_LINES)).append(_plain(line))
                yield Line(text=line, important=False)
            case _Result.PROGRESS, [int(done), int(expected), *_] if activity is not None:
                activity.progress = (done, expected)
            case _Result.SET_EXPECTED, [int(of), int(expected), *_] if activity is not None:
                activity.expected[of] = expected

    def _counted(self, kind: int) -> tuple[int, int]:
        """Return how much of a kind is done and expected, not less than it has been."""
        active = [one.progress for one in self._activities.values() if one.kind == kind]
        done = self._done.get(kind, 0) + sum(done for done, _ in active)
        expected = self._done.get(kind, 0) + sum(expected for _, expected in active)
        announced = sum(one.expected.get(kind, 0) for one in self._activities.values())
        before_done, before_expected = self._most.get(kind, (0, 0))
        done = max(done, before_done)
        self._most[kind] = done, max(expected, announced, before_expected, done)
        return self._most[kind]


def _level(entry: Mapping[str, object]) -> int:
    level = entry.get("level")
    return level if isinstance(level, int) else _INFO + 1


def _name(derivation: str) -> str:
    """Return the name of a derivation, given its path."""
    found = _STORE_PATH.fullmatch(derivation)
    return found[1] if found else derivation


def _plain(text: str) -> str:
    """Return text without the sequences that colour it; what else it holds is made harmless where it is shown."""
    return _ESCAPES.sub("", text)
