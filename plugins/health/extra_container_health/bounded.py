"""Programs inside of containers, which may be hostile: neither their time nor what they say is without an end."""

from __future__ import annotations

import os
import select
import subprocess
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from extra_container.plugin import ExtraContainerError, dataclass

if TYPE_CHECKING:
    from extra_container.plugin import Runner

_STEP = 0.05
_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a program said, stderr included; ``code`` is None if it did not end in time, or said more than it may."""

    code: int | None
    text: str

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines that are not empty."""
        return tuple(line for line in self.text.splitlines() if line.strip())


class _TooMuchError(ExtraContainerError):
    """Ends the program that runs."""


def ask(argv: Sequence[str], runner: Runner, *, seconds: float, most_bytes: int) -> Answer:
    """Run a program to its end, or until it took too long or said too much: then it is ended."""
    said = bytearray()
    until = time.monotonic() + seconds
    try:
        with runner.begin(argv, stderr=subprocess.STDOUT) as child:
            _listen(child, said, until, most_bytes)
    except _TooMuchError as error:
        return Answer(code=None, text=f"{said.decode(errors='replace')}\n{error.message}\n")
    return Answer(code=child.returncode, text=said.decode(errors="replace"))


def _listen(child: subprocess.Popen[str], said: bytearray, until: float, most_bytes: int) -> None:
    """Read until the program has ended. What it left behind may hold the other end of the pipe for ever."""
    if child.stdout is None:
        raise AssertionError("it is no pipe")
    descriptor, ended, open_ = child.stdout.fileno(), False, True
    while not ended:
        ended = child.poll() is not None
        while open_ and select.select([descriptor], [], [], 0 if ended else _STEP)[0]:
            piece = os.read(descriptor, _PIECE)
            said += piece[: most_bytes - len(said)]
            if len(said) >= most_bytes:
                raise _TooMuchError(f"it said more than {most_bytes // 1024} KiB")
            open_ = bool(piece)
            _require_time(until)
        if not ended:
            _require_time(until)
            if not open_:
                time.sleep(_STEP)


def _require_time(until: float) -> None:
    if time.monotonic() >= until:
        raise _TooMuchError("it did not end in time")
