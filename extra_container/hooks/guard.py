"""Code of a plugin, run so that the process it shares with the program is afterwards what it was."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD, signal.SIGPIPE)


@dataclass(slots=True)
class Guard:
    """Whether somebody pressed Ctrl-C while code of a plugin ran; ``watching`` is whether that would have been seen."""

    watching: bool = False
    interrupted: bool = False

    def raised_by_plugin(self, error: KeyboardInterrupt) -> bool:
        """Return whether nobody asked for an interrupt: the plugin raised it all by itself."""
        return type(error) is KeyboardInterrupt and self.watching and not self.interrupted


@contextlib.contextmanager
def guarded(guard: Guard, *, trusted: bool = False) -> Iterator[None]:
    """Run the block; what it prints goes to stderr, since stdout is the command's result.

    Afterwards working directory, umask, environment and the handlers of signals are what they were before. In threads
    other than the main one only the output is seen to. ``trusted`` code is just run.
    """
    if trusted:
        yield
        return
    with contextlib.ExitStack() as stack:
        if threading.current_thread() is threading.main_thread():
            stack.enter_context(_kept_directory())
            stack.callback(os.umask, _umask())
            stack.callback(_put_back_environment, dict(os.environ))
            stack.enter_context(_kept_signals(guard))
        stack.enter_context(contextlib.redirect_stdout(sys.stderr))
        guard.watching = True
        yield
        guard.watching = False  # what interrupts from here on is none of the plugin's doing


@contextlib.contextmanager
def _kept_directory() -> Iterator[None]:
    # A descriptor also leads back to a directory that has been removed or renamed.
    descriptor = os.open(".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield
    finally:
        os.fchdir(descriptor)
        os.close(descriptor)


def _umask() -> int:
    umask = os.umask(0o077)
    os.umask(umask)
    return umask


def _put_back_environment(before: dict[str, str]) -> None:
    if os.environ != before:
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def _kept_signals(guard: Guard) -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    interrupt = before[signal.SIGINT]

    def note(number: int, frame: FrameType | None) -> None:
        guard.interrupted = True
        if callable(interrupt):
            interrupt(number, frame)

    if callable(interrupt):
        signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None and signal.getsignal(number) is not handler:
                signal.signal(number, handler)
