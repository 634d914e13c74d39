"""strace: its command line, and what it writes, as system calls.

Every stat, open, readlink and directory of a program is in there, with what the kernel answered. Source: strace(1).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from extra_container.process import Runner

# All that takes the name of a file, all that starts a process, and what can see more than files.
_TRACED = "%file,?getdents,?getdents64,?clone,?clone3,?fork,?vfork,connect,?io_uring_setup"
# Whose answers are written in full: when a file changed says whether it is the one that was read.
_IN_FULL = "?stat,?lstat,?fstat,?newfstatat,?statx,?stat64,?lstat64,?fstatat64"

# In bytes, of a line that tells how a process ended.
_LONGEST_END = 200
# Behind the path of an opened file that has no name any more, or none in this mount namespace.
DELETED = " (deleted)"

_TEXT = r'(?:[^"\\]|\\.)*'
_FILE = r"(?:[^<>\\]|\\.)*"
_CALL = re.compile(r"(\d+) +(\w+)\((.*)\) += (.*)")
_UNFINISHED = re.compile(r"(\d+) +(\w+\(.*) <unfinished \.\.\.>")
_RESUMED = re.compile(r"(\d+) +<\.\.\. \w+ resumed>(.*)")
_END = re.compile(r"(\d+) +\+\+\+ (?:exited with (\d+)|killed by \w+(?: \(core dumped\))?) \+\+\+")
_NAMED = re.compile(rf'(?:(?:AT_FDCWD|\d+)(?:<({_FILE})>(\(deleted\))?)?, )?"({_TEXT})"(.*)', re.DOTALL)
_LISTED = re.compile(rf"\d+<({_FILE})>(, .*)")
_DESCRIPTOR = re.compile(rf"\d+<({_FILE})>(\(deleted\))?")
_ERROR = re.compile(r"-1 (E[A-Z0-9]+) \(.*\)")
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_LETTERS = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"v": b"\v", b"f": b"\f"}


class UnreadableTraceError(Exception):
    """What the tracer wrote is not all of it, or not understood."""


class Call(NamedTuple):
    """A system call.

    ``path`` is the absolute path that it names, the true one where it names an open file; ``None`` if it names none.
    ``rest`` are its other arguments as strace shows them. ``error`` is the name of the error, and ``opened`` the true
    path of the file that it opened.
    """

    process: int
    name: str
    path: str | None
    rest: str
    error: str | None
    opened: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """All system calls of a program, in order, and the code that it ended with; ``None`` for a death by a signal."""

    calls: tuple[Call, ...]
    code: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command line that runs a ``program`` under strace, which writes what it sees to ``output``."""

    words: tuple[str, ...]
    program: str
    output: Path

    def wrote(self, line: str) -> bool:
        """Whether a line on stderr is strace's own."""
        return line.startswith((f"{self.words[0]}: ", "strace: "))


def command(argv: Sequence[str], output: Path, runner: Runner) -> Command | None:
    """Return how to run a command line under strace, ``None`` where there is no strace."""
    strace = runner.look("strace")
    if strace is None:
        return None
    options = ["-f", "-q", "-y", "--seccomp-bpf", "-e", "signal=none"]
    options += ["-e", f"trace={_TRACED}", "-e", f"abbrev=!{_IN_FULL}"]
    words = (strace, *options, "-o", str(output), "--", *runner.mortal(argv))
    return Command(words=words, program=argv[0], output=output)


def read(file: Path, program: str) -> Trace:
    """Read what strace wrote of a program, from the moment when that began; it may be run by others.

    ``program`` is its absolute path. Raises :class:`UnreadableTraceError`, and OSError.
    """
    with file.open(encoding="ascii") as lines:
        try:
            return _trace(_joined(lines), program)
        except UnicodeDecodeError as error:
            raise UnreadableTraceError("it is no text") from error


def saw(file: Path, program: str) -> bool:
    """Whether strace saw how a program began, and how the last of its processes ended."""
    try:
        with file.open("rb") as stream:
            began = any(_is_beginning(line.decode(errors="replace").rstrip("\n"), program) for line in stream)
            stream.seek(-min(_LONGEST_END, file.stat().st_size), os.SEEK_END)
            last = stream.read().decode(errors="replace").splitlines()[-1:]
    except OSError:
        return False
    return began and bool(last) and _END.fullmatch(last[0]) is not None


def _is_beginning(line: str, program: str) -> bool:
    return f'execve("{program}"' in line and line.endswith(" = 0")


def _trace(lines: Iterable[str], program: str) -> Trace:
    calls: list[Call] = []
    process: int | None = None
    codes: dict[int, int | None] = {}
    known: set[str] = set()
    for line in lines:
        call_text = line[line.find(" ") :]
        if call_text in known:
            continue  # the same question once more, and the same answer
        if " newfstatat(" in call_text[:14]:
            known.add(call_text)
        if match := _CALL.fullmatch(line):
            if process is None and not _is_beginning(line, program):
                continue
            call = _call(match)
            process = process or call.process
            calls.append(call)
        elif match := _END.fullmatch(line):
            codes[int(match[1])] = int(match[2]) if match[2] else None
        else:
            raise UnreadableTraceError(f"not understood: {line[:200]}")
    if process is None or process not in codes:
        raise UnreadableTraceError("it is not complete")
    return Trace(calls=tuple(calls), code=codes[process])


def _joined(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines without line ends; of a call that another one interrupted both halves together."""
    begun: dict[str, str] = {}
    for line in lines:
        if not line.endswith("\n"):
            raise UnreadableTraceError("it is not complete")
        text = line[:-1]
        if text.endswith(" <unfinished ...>") and (match := _UNFINISHED.fullmatch(text)):
            begun[match[1]] = match[2]
        elif " resumed>" in text and (match := _RESUMED.fullmatch(text)) and match[1] in begun:
            yield f"{match[1]} {begun.pop(match[1])}{match[2]}"
        else:
            yield text
    # A thread that ends with its process may be in the middle of a call, which then told nobody anything.


def _call(match: re.Match[str]) -> Call:
    process, name, arguments, result = match.groups()
    if name in {"getdents", "getdents64"}:
        return _listing(match)
    opened = _DESCRIPTOR.fullmatch(result)
    error = _ERROR.fullmatch(result)
    if opened is None and error is None and not result.isdecimal():
        raise UnreadableTraceError(f"{name}: not understood: {result[:200]}")
    # The first text of these is where a link leads, which may be anything.
    named = None if name in {"symlink", "symlinkat"} else _NAMED.fullmatch(arguments)
    return Call(
        process=int(process),
        name=name,
        path=None if named is None else _absolute(named, name),
        rest=arguments if named is None else named[4],
        error=None if error is None else error[1],
        opened=None if opened is None else unescaped(opened[1]) + (DELETED if opened[2] else ""),
    )


def _listing(match: re.Match[str]) -> Call:
    process, name, arguments, result = match.groups()
    listed = _LISTED.fullmatch(arguments)
    if listed is None or not result.isdecimal():
        raise UnreadableTraceError(f"{name}: not understood: {arguments[:200]}")
    path = unescaped(listed[1])
    return Call(process=int(process), name=name, path=path, rest=listed[2], error=None, opened=None)


def _absolute(named: re.Match[str], name: str) -> str:
    directory, path = named[1], unescaped(named[3])
    if path.startswith("/"):
        return path
    if directory is None or (path and named[2]):
        # Only the kernel's older calls leave out what a name is relative to.
        raise UnreadableTraceError(f"{name}: {path} is relative to a directory that is not known")
    start = unescaped(directory)
    return f"{start.rstrip('/')}/{path}" if path else start


def unescaped(text: str) -> str:
    """Return a text as it was before strace made it harmless: with bytes as in C."""
    if "\\" not in text:
        return text
    return os.fsdecode(_ESCAPE.sub(_byte, text.encode("ascii")))


def _byte(match: re.Match[bytes]) -> bytes:
    code = match[1]
    return bytes([int(code, 8) & 0xFF]) if code.isdigit() else _LETTERS.get(code, code)
