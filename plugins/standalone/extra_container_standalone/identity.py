"""Processes known by PID and start time, so that a PID that the kernel gave to another process is never mistaken."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

_DEAD = frozenset({"Z", "X", "x"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A process; ``started`` is its start time in clock ticks since boot (proc(5), ``stat`` field 22)."""

    pid: int
    started: int

    def alive(self) -> bool:
        """Whether the process still runs; one that only waits to be reaped does not."""
        return identify(self.pid) == self

    def send(self, number: int) -> bool:
        """Send a signal; return whether the process was still there to get it."""
        try:
            handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return False
        try:
            if not self.alive():
                return False
            signal.pidfd_send_signal(handle, number)
        except ProcessLookupError:
            return False
        finally:
            os.close(handle)
        return True


def identify(pid: int) -> Identity | None:
    """Return the running process with this PID, ``None`` if there is none."""
    try:
        state, started = _state_and_start(pid)
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if state in _DEAD else Identity(pid=pid, started=started)


def identify_child(pid: int) -> Identity:
    """Return the caller's own child, which may have ended but was not reaped yet."""
    return Identity(pid=pid, started=_state_and_start(pid)[1])


def _state_and_start(pid: int) -> tuple[str, int]:
    text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    # The program's name may hold anything, so fields are counted from its closing parenthesis: state is field 3.
    fields = text.rpartition(")")[2].split()
    return fields[0], int(fields[19])
