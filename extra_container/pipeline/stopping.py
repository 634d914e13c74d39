"""Containers that are being stopped: nobody enters one meanwhile, see :mod:`extra_container.enter.main`.

A file says so as long as the process that stops the container has it locked, so what a killed one left says nothing.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from extra_container.enter.argv import STOPPING
from extra_container.state import private


def directory(runtime: Path) -> Path:
    """Return the directory of the files below a host's runtime directory."""
    return runtime / STOPPING


class Word:
    """That containers are being stopped; what is not taken back is when the stack is closed."""

    def __init__(self, undo: ExitStack) -> None:
        self._undo = undo
        self._given: dict[str, ExitStack] = {}

    def give(self, name: str, place: Path) -> None:
        """Say that a container is being stopped. Raises OSError."""
        one = self._given[name] = self._undo.enter_context(ExitStack())
        one.enter_context(_locked(place / name))

    def take_back(self, names: Iterable[str]) -> None:
        """Say no more that containers are being stopped."""
        for name in names:
            if name in self._given:
                self._given[name].close()


@contextmanager
def announced(names: Iterable[str], runtime: Path) -> Iterator[Word]:
    """Say in the block that containers are being stopped.

    Where nothing can be written, nothing is said: a container can be stopped all the same. Raises
    :class:`.HostError` if others than root can write to the directory.
    """
    with ExitStack() as undo:
        word = Word(undo)
        with suppress(OSError):
            place = ensure(runtime)
            for name in names:
                word.give(name, place)
        yield word


def ensure(runtime: Path) -> Path:
    """Make the directory unless it is there, and return it. Raises OSError, and :class:`.HostError` as above."""
    private.ensure(runtime)
    place = directory(runtime)
    place.mkdir(mode=0o700, exist_ok=True)
    return place


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        # Several may stop a container at a time; whoever enters tries for a lock that excludes them all.
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        with suppress(OSError):
            file.unlink(missing_ok=True)
        os.close(descriptor)
