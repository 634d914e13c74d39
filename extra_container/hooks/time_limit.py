"""A limit on the time that code of a plugin may take."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from types import FrameType

# Code that catches everything, and goes on, is interrupted again and again.
_AGAIN_SECONDS = 0.2
# What is interrupted gets this long to clean up after itself.
_GRACE_SECONDS = 5.0
# A timer set to 0 never rings.
_AT_ONCE_SECONDS = 0.001


class TimeUpError(BaseException):
    """Time is up. No :class:`Exception`, so that plugins which catch those do not catch it."""


@contextmanager
def time_limit(seconds: float, stuck: Callable[[], None] | None = None) -> Iterator[None]:
    """Raise :class:`TimeUpError` in the code of the ``with`` block if it takes longer.

    Works where signals are handled, in the main thread; elsewhere there is no limit. Blocking calls and child
    processes that are waited for are interrupted. Limits nest: the outer one goes on while an inner one runs.

    ``stuck`` is called, in a thread of its own, if the block has not ended five seconds after its time: it catches
    everything, or waits in foreign code that no signal reaches. Nothing runs then if that code holds Python's lock.
    """
    if stuck is None:
        with _alarm(seconds):
            yield
        return
    timer = threading.Timer(seconds + _GRACE_SECONDS, stuck)
    timer.daemon = True
    timer.start()
    try:
        with _alarm(seconds):
            yield
    finally:
        timer.cancel()


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
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


def _ring(_number: int, _frame: FrameType | None) -> NoReturn:
    raise TimeUpError
