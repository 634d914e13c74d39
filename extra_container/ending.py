"""Programs that are ended with all they have started: asked first, killed after a while."""

from __future__ import annotations

import signal
import time
from collections.abc import Collection, Iterable

from extra_container import proc

GRACE_SECONDS = 3.0
_POLL_SECONDS = 0.02
# Who starts new processes faster than they are found could go on for ever; and what is killed while it waits for a disk
# ends when the disk has answered.
_KILL_SECONDS = 10.0
_INTERRUPTIONS = 20


def end(leaders: Iterable[proc.Process]) -> None:
    """End programs, each the leader of a session of its own, and every process that they started.

    Their process groups get SIGTERM; what is left when all leaders have ended, or after ``GRACE_SECONDS``, is killed,
    those that made sessions of their own included. A second interruption kills at once. Reaping is the caller's.
    """
    asked = frozenset(leaders)
    family = _family(asked, ())
    try:
        groups = {leader.pid for leader in asked}
        for number in (signal.SIGTERM, signal.SIGCONT):  # a stopped process takes note of nothing until it goes on
            for member in family:
                if member.group in groups:
                    member.process.send(number)
        deadline = time.monotonic() + GRACE_SECONDS
        while any(leader.alive() for leader in asked) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
    finally:
        _kill_all(asked, family)


def _kill_all(leaders: frozenset[proc.Process], family: Collection[proc.Relations]) -> None:
    """Kill a family, whatever interrupts that; interruptions are raised afterwards."""
    interruption: BaseException | None = None
    for _ in range(_INTERRUPTIONS):
        try:
            _kill(leaders, family)
            break
        except Exception:
            raise
        except BaseException as error:  # noqa: BLE001 -- Ctrl-C, a signal, the end of a plugin's time
            interruption = error
    if interruption is not None:
        raise interruption


def _kill(leaders: frozenset[proc.Process], family: Collection[proc.Relations]) -> None:
    """Kill a family until none of it is left; stopped before, nobody starts another process while others are killed."""
    deadline = time.monotonic() + _KILL_SECONDS
    sent: dict[int, frozenset[proc.Process]] = {signal.SIGSTOP: frozenset(), signal.SIGKILL: frozenset()}
    while time.monotonic() < deadline:
        family = _family(leaders, family)
        if not family:
            return
        left = frozenset(member.process for member in family)
        leaders |= {member.process for member in family if member.session == member.process.pid}
        # Whoever was started by one that is stopped is found as its child; by one that is dead, it would not be.
        number = signal.SIGKILL if left <= sent[signal.SIGSTOP] else signal.SIGSTOP
        if left <= sent[signal.SIGKILL]:
            time.sleep(_POLL_SECONDS)  # the kernel takes them apart
        for process in left:
            process.send(number)
        sent[number] |= left


def _family(leaders: frozenset[proc.Process], known: Collection[proc.Relations]) -> tuple[proc.Relations, ...]:
    """Return what is known of the family and still runs, and all that is in a leader's session or descends from it."""
    everybody = {one.process.pid: one for one in proc.everybody()}
    before = {one.process for one in known}
    # The number of a session is given to nobody else while a process is in it.
    sessions = {
        leader.pid for leader in leaders if leader.pid not in everybody or everybody[leader.pid].process == leader
    }
    family = {pid: one for pid, one in everybody.items() if one.session in sessions or one.process in before}
    while new := {pid: one for pid, one in everybody.items() if one.parent in family and pid not in family}:
        family |= new
    return tuple(family.values())
