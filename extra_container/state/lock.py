"""One change of the machine at a time: a lock that says who holds it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.json_text import loads
from extra_container.model.errors import HostError, LockError
from extra_container.state import private

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from extra_container.model.events import Event

_FILE = "lock"
WAIT_SECONDS = 120.0
_POLL_SECONDS = 0.05


@contextlib.contextmanager
def machine_lock(
    command: str,
    emit: Callable[[Event], None],
    home: Path,
    *,
    wait: float = WAIT_SECONDS,
) -> Iterator[None]:
    """Hold the machine's lock, a file in ``home``. The kernel drops it with the process, so no stale lock can remain.

    ``home`` is not /run/lock: there, everybody could make the file, and hold it. Waits up to ``wait`` seconds, telling
    once for whom. Raises :class:`.LockError` after that, and :class:`.HostError` if the lock cannot be made where only
    root can.
    """
    path = home / _FILE
    try:
        private.ensure(home)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise HostError(f"The lock {path} cannot be opened: {error.strerror}") from error
    import json

    try:
        _acquire(descriptor, path, emit, wait)
        with contextlib.suppress(OSError):  # on a full disk it is held without a signature
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps({"pid": os.getpid(), "command": command}).encode(), 0)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, path: Path, emit: Callable[[Event], None], wait: float) -> None:
    deadline = time.monotonic() + wait
    announced = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = _holder(path)
            if not announced:
                from extra_container.model.events import LockAwaited

                emit(LockAwaited(holder=holder))
                announced = True
            if time.monotonic() >= deadline:
                raise LockError(
                    f"{holder} still holds {path} after {wait:g} s", hint="Wait for it to end, or end it."
                ) from error
            time.sleep(_POLL_SECONDS)
        else:
            return


def _holder(path: Path) -> str:

    try:
        entry = loads(path.read_text())
        return f"Process {entry['pid']} (extra-container {entry['command']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "Another run"  # the holder is between taking the lock and signing it
