"""What ends the program from outside: Ctrl-C, SIGTERM, SIGHUP."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from types import FrameType

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ended(KeyboardInterrupt):
    """The process was asked to end by a signal; like Ctrl-C it unwinds everything on the way."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def end_at_once() -> None:
    """Let signals end the process without a word, while there is nothing to clean up: before and after the work."""
    _handle(_leave, _leave)


def unwind() -> None:
    """Let signals raise KeyboardInterrupt with the signal's number, those other than Ctrl-C :class:`Ended`."""
    _handle(_interrupt, _end)


def code_of(interrupt: KeyboardInterrupt) -> int:
    """Return the exit code of a process that was interrupted, as a shell shows a death by that signal."""
    return 128 + (interrupt.number if isinstance(interrupt, Ended) else signal.SIGINT)


def _handle(on_interrupt: signal._HANDLER, on_end: signal._HANDLER) -> None:
    for number in _ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            signal.signal(number, on_interrupt if number == signal.SIGINT else on_end)


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    os._exit(128 + number)


def _interrupt(number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt(number)


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    raise Ended(number)
