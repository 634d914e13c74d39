"""Programs run, with what they took; containers of the host base to do something with."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

# Of each row of a table what the rounds gave: ratios, or what the row's name says.
Table = dict[str, list[float]]
Word = str | os.PathLike[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """What a program took: seconds by the clock, seconds of processors, and MiB of memory at most.

    The last two are those of all that it waited for, too; the memory is that of the largest process.
    """

    seconds: float
    processor: float
    mib: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A program that manages containers; ``name`` is what tells it from the other one in the results.

    ``peaks`` are the MiB of memory that its command lines took.
    """

    name: str
    program: Path
    peaks: list[float] = field(default_factory=list)

    def __call__(self, *words: Word, codes: tuple[int, ...] = (0,)) -> float:
        """Run a command line and return the seconds it took."""
        took = run([self.program, *words], codes)
        self.peaks.append(took.mib)
        return took.seconds

    @property
    def python(self) -> str:
        """The interpreter that runs it."""
        return self.program.read_text(encoding="utf-8").splitlines()[0].removeprefix("#!")


def run(argv: Sequence[Word], codes: tuple[int, ...] = (0,)) -> Took:
    """Run a program and return what it took; end the measurement if it fails."""
    environment = {name: value for name, value in os.environ.items() if name != "NIX_PATH"}
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=environment)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in codes:
            said.seek(0)
            text = said.read().decode(errors="replace")
            sys.exit(f"{' '.join(map(str, argv))} failed with code {child.returncode}:\n{text}")
    return Took(seconds=seconds, processor=usage.ru_utime + usage.ru_stime, mib=usage.ru_maxrss / 1024)


@contextmanager
def variables(**values: str) -> Iterator[None]:
    """Set environment variables in the block."""
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def fresh(count: int) -> list[str]:
    """Return names that no container has."""
    prefix = f"b{secrets.token_hex(3)}"
    return [f"{prefix}{number}" for number in range(count)]


def definition(names: Sequence[str], text: str) -> str:
    """Return a definition of containers whose systems have a text in a file."""
    system = f'config.environment.etc.text.text = "{text}";'
    return "{ containers = { " + " ".join(f"{name} = {{ {system} }};" for name in names) + " }; }"


@contextmanager
def builds(tool: Tool, count: int, number: int) -> Iterator[tuple[Sequence[str], Sequence[Path]]]:
    """Give names and builds of the host base that differ in the containers' systems; destroy what is left."""
    names = fresh(count)
    try:
        yield names, [_build(tool, definition(names, f"{text}")) for text in range(number)]
    finally:
        listed = subprocess.run([tool.program, "list"], check=True, capture_output=True, text=True).stdout.split()
        if left := [name for name in names if name in listed]:
            tool("destroy", *left)


def _build(tool: Tool, text: str) -> Path:
    argv = [tool.program, "build", "--base", "host", "-E", text]
    return Path(subprocess.run(argv, check=True, capture_output=True, text=True).stdout.split()[-1])
