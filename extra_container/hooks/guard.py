"""Code of a plugin, run under a limit of time and kept off the standard output."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from types import FrameType

# Code that catches everything, and goes on, is interrupted again and again.
_AGAIN_SECONDS = 0.2
# A timer set to 0 never rings.
_AT_ONCE_SECONDS = 0.001


class TimeUpError(BaseException):
    """Time is up. No :class:`Exception`, so that plugins which catch those do not catch it."""


@contextmanager
def guarded(seconds: float, *, trusted: bool = False) -> Iterator[None]:
    """Run the block for at most ``seconds``; what it prints goes to stderr, since stdout is the command's result.

    Raises :class:`TimeUpError` after that time, see :func:`time_limit`. What ``trusted`` code prints is left alone.
    """
    output = contextlib.nullcontext() if trusted else contextlib.redirect_stdout(sys.stderr)
    with output, time_limit(seconds):
        yield


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise :class:`TimeUpError` in the code of the ``with`` block if it takes longer.

    Works where signals are handled, in the main thread; elsewhere there is no limit. Blocking calls and child
    processes that are waited for are interrupted. Limits nest: the outer one goes on while an inner one runs.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    began = time.monotonic()
    handler = signal.signal(signal.SIGALRM, _ring)
    left, again = signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN_SECONDS)
    try:
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)  # again: the alarm may have rung just before the first one
        signal.signal(signal.SIGALRM, handler)
        if left > 0:
            left = max(left - (time.monotonic() - began), _AT_ONCE_SECONDS)
            signal.setitimer(signal.ITIMER_REAL, left, again)


def was_asked_for(interrupt: KeyboardInterrupt) -> bool:
    """Whether somebody pressed Ctrl-C: the program's handler gives the signal's number, a plugin by itself does not."""
    return interrupt.args == (signal.SIGINT,)


def _ring(_number: int, _frame: FrameType | None) -> NoReturn:
    raise TimeUpError
