"""What a supervisor waits for: children that end, wishes of the manager, words of the container."""

from __future__ import annotations

import os
import selectors
import signal
import socket
import time
from collections.abc import Callable
from enum import IntEnum
from pathlib import Path


class Wish(IntEnum):
    """What the manager wants of a supervisor; a greater one overrules."""

    RUN = 0
    STOP = 1
    KILL = 2


STOP_SIGNAL = signal.SIGTERM
KILL_SIGNAL = signal.SIGUSR1
_WISHES = {STOP_SIGNAL: Wish.STOP, KILL_SIGNAL: Wish.KILL}


class Watch:
    """Turns signals and notifications into state that can be waited for.

    ``exited`` has the wait status of each child that ended, ``wish`` what the manager last asked for, ``leader`` and
    ``ready`` what systemd-nspawn told (``X_NSPAWN_LEADER_PID=``, ``READY=1``). One per process: it takes the process'
    signal handlers. ``notify`` is the ``NOTIFY_SOCKET=`` of the container, a socket in ``directory``.
    """

    def __init__(self, directory: Path) -> None:
        self.exited: dict[int, int] = {}
        self.wish = Wish.RUN
        self.leader: int | None = None
        self.ready = False
        self._selector = selectors.DefaultSelector()
        self._signals, wakeup = socket.socketpair()
        for end in (self._signals, wakeup):
            end.settimeout(0)
        self._wakeup = wakeup
        signal.set_wakeup_fd(wakeup.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, *_WISHES):
            signal.signal(number, lambda _number, _frame: None)
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
            signal.signal(number, signal.SIG_IGN)
        (directory / "notify").unlink(missing_ok=True)
        # A socket's path has at most 107 bytes: the directory is reached through its descriptor, however deep it is.
        self._directory = os.open(directory, os.O_PATH | os.O_DIRECTORY)
        self.notify = f"/proc/{os.getpid()}/fd/{self._directory}/notify"
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notify.bind(self.notify)
        self._notify.settimeout(0)
        self._selector.register(self._signals, selectors.EVENT_READ, self._take_signals)
        self._selector.register(self._notify, selectors.EVENT_READ, self._take_notification)

    def close(self) -> None:
        """Take no more notifications."""
        self._selector.unregister(self._notify)
        self._notify.close()
        os.unlink("notify", dir_fd=self._directory)

    def forget_container(self) -> None:
        """Expect a new container: what the last one told is no longer true."""
        self.leader = None
        self.ready = False

    def until(self, condition: Callable[[], bool], seconds: float | None, *, step: float | None = None) -> bool:
        """Wait until the condition holds or the time is over; return whether it holds.

        ``step`` makes it look at least that often, for conditions that no event announces.
        """
        end = None if seconds is None else time.monotonic() + seconds
        while not condition():
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                return False
            for key, _ in self._selector.select(min((t for t in (left, step) if t is not None), default=None)):
                key.data()
        return True

    def _take_signals(self) -> None:
        for number in self._signals.recv(4096):
            self.wish = max(self.wish, _WISHES.get(signal.Signals(number), Wish.RUN))
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self.exited[pid] = status

    def _take_notification(self) -> None:
        for line in self._notify.recv(65536).decode(errors="replace").splitlines():
            key, _, value = line.partition("=")
            if key == "X_NSPAWN_LEADER_PID" and value.isdecimal():
                self.leader = int(value)
            elif key == "READY" and value == "1":
                self.ready = True
