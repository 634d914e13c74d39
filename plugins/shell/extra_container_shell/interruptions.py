"""What Ctrl-C, a closed terminal and a request to end do at each time of a session."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Self

_KEYBOARD = frozenset({signal.SIGINT, signal.SIGQUIT})
_INTERRUPTING = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})


class Interruptions:
    """Lets the first signal interrupt what goes on, as it did before, and no later one the clean-up that follows.

    Signals that the program ignores stay ignored (``nohup``, a script's background jobs). SIGQUIT ends the program at
    once except in a session: with it a person can end a clean-up that hangs.
    """

    def __init__(self) -> None:
        self._before: dict[signal.Signals, Callable[[int, FrameType | None], object]] = {}
        self._held = False

    def __enter__(self) -> Self:
        for number in _INTERRUPTING:
            handler = signal.getsignal(number)
            if callable(handler):
                self._before[number] = handler
                signal.signal(number, self._interrupt)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def hold(self) -> None:
        """Let no signal interrupt until :meth:`resume`; those that come are dropped."""
        self._held = True

    def resume(self) -> None:
        """Let the next signal interrupt again."""
        self._held = False

    @contextmanager
    def held(self) -> Iterator[None]:
        """:meth:`hold`, also for the processes that are started meanwhile: they do not get the signals either."""
        self.hold()
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTING)
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    @contextmanager
    def keyboard_passed_by(self) -> Iterator[None]:
        """Leave the signals of the keyboard to another process, which gets them from the terminal as well."""
        ours = [number for number in _KEYBOARD if signal.getsignal(number) is not signal.SIG_IGN]
        before = {number: signal.signal(number, _pass_by) for number in ours}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if not self._held:
            self._held = True
            self._before[signal.Signals(number)](number, frame)


def _pass_by(_number: int, _frame: FrameType | None) -> None:
    """Do nothing. Unlike an ignored signal, a caught one is not handed down to programs that are started."""
