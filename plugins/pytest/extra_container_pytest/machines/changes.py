"""Who tells that something changed in a container: its systemd, and the kernel for its files.

A container is seen by paths below ``/proc/PID/root`` of a process inside. Nothing here decides anything: whoever
waits looks again at each event, and now and then without one.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Self, cast

if TYPE_CHECKING:
    from inotify_simple import INotify  # type: ignore[import-untyped] # it says nothing of types

# Within this time somebody looks again also without an event: one may have been missed.
_TICK = 1.0
# Where nothing tells of changes.
_POLL = 0.05


class Changes:
    """Waits for the next event of some sources; without any, for a moment."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for key in list(self._selector.get_map().values()):
            cast("socket.socket | INotify", key.fileobj).close()
        self._selector.close()

    def watch_systemd(self, pid: int | None) -> None:
        """Wait for what the systemd of a process tells its direct clients: every change of a unit or job."""
        if pid is not None and (client := _systemd(Path(f"/proc/{pid}/root/run/systemd/private"))):
            self._selector.register(client, selectors.EVENT_READ)

    def watch_path(self, pid: int | None, path: str) -> None:
        """Wait for changes in the directory of a path of a container, or in the nearest one above it that exists.

        ``path`` is one without links, as the container sees it. Links are not followed: they would be the host's.
        """
        if pid is None:
            return
        # Late: every pytest beside the program imports this module, also where nobody asked for the extra `pytest`.
        from inotify_simple import INotify, flags

        changes = flags.CREATE | flags.MOVED_TO | flags.ATTRIB | flags.CLOSE_WRITE | flags.DELETE_SELF | flags.DELETE
        with contextlib.suppress(OSError), nearest_directory(pid, path) as directory:
            watcher = INotify()
            watcher.add_watch(f"/proc/self/fd/{directory}", changes)
            self._selector.register(watcher, selectors.EVENT_READ)

    def wait(self, seconds: float) -> None:
        """Return after the next events, or after a while, at the latest after ``seconds``."""
        watched = bool(self._selector.get_map())
        for key, _ in self._selector.select(min(seconds, _TICK if watched else _POLL)):
            _drain(cast("socket.socket | INotify", key.fileobj))
            if isinstance(key.fileobj, socket.socket) and _is_closed(key.fileobj):
                self._selector.unregister(key.fileobj)
                key.fileobj.close()


@contextmanager
def nearest_directory(pid: int, path: str) -> Iterator[int]:
    """Give the directory of a path in a process' root, or the nearest one above it that exists, as a descriptor."""
    with opened_root(pid) as root:
        current = os.dup(root)
        try:
            for part in PurePosixPath(path).parent.parts[1:]:
                try:
                    deeper = os.open(part, os.O_PATH | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=current)
                except OSError:
                    break
                os.close(current)
                current = deeper
            yield current
        finally:
            os.close(current)


@contextmanager
def opened_root(pid: int) -> Iterator[int]:
    """Give the root directory of a process as a descriptor."""
    root = os.open(f"/proc/{pid}/root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield root
    finally:
        os.close(root)


def _systemd(path: Path) -> socket.socket | None:
    """Return a connection to systemd's private socket, on which it sends all signals unasked, or None.

    The first bytes are D-Bus' authentication ("Authentication Protocol" of its specification); the kernel tells who
    it is.
    """
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        client.settimeout(2)
        client.connect(str(path))
        client.sendall(b"\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n")
        answer = client.recv(4096)
        client.settimeout(0)
    except OSError:
        client.close()
        return None
    if not answer.startswith((b"DATA", b"OK")):
        client.close()
        return None
    return client


def _drain(source: socket.socket | INotify) -> None:
    if not isinstance(source, socket.socket):
        source.read(timeout=0)
        return
    with contextlib.suppress(BlockingIOError, ConnectionResetError):
        while source.recv(1 << 16):
            pass


def _is_closed(client: socket.socket) -> bool:
    try:
        return client.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
