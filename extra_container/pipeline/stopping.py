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


@contextmanager
def announced(names: Iterable[str], runtime: Path) -> Iterator[None]:
    """Say in the block that containers are being stopped.

    Where nothing can be written, nothing is said: a container can be stopped all the same. Raises
    :class:`.HostError` if others than root can write to the directory.
    """
    with ExitStack() as undo:
        with suppress(OSError):
            place = ensure(runtime)
            for name in names:
                undo.enter_context(_locked(place / name))
        yield


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
