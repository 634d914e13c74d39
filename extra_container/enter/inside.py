"""The process in the container: it starts the command, reaps it, and tells outside how it ended.

It is a child of the process outside, whose SIGCHLD is ignored, so that the kernel reaps it even if that one is stopped:
a dead process that nobody reaps keeps a container from ending. Nothing that a terminal or the container's end does to
the command keeps this one from reaping it.
"""

from __future__ import annotations

import errno
import os
import time

from extra_container.enter import cgroups, own_terminal, report
from extra_container.enter.kernel import FORWARDED, signal
from extra_container.enter.leader import shuts_down

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import NoReturn

    from extra_container.enter.leader import Leader

# `su` starts a login shell with root's set-up and the system's PATH. NixOS has it in the system profile; a store path
# from outside would meet a foreign PAM set-up.
SU = ("/run/current-system/sw/bin/su", "/run/wrappers/bin/su", "/bin/su")
# What su(1) hands on to a login shell; anything else of the caller's could only confuse su itself.
_VARIABLES = ("TERM", "COLORTERM", "NO_COLOR", "DISPLAY", "XAUTHORITY")
_NOT_FOUND = 127
_INIT = 1
# How long a command may take to end when the container's init ends all processes.
_GRACE = 1.0
# How long su may take to start what a signal is for.
_START_SECONDS = 1.0
_STEP = 0.02
# Python ignores these; programs expect them as they are by default.
_DEFAULTS = (signal.SIGPIPE, signal.SIGXFSZ)


def serve(
    leader: Leader,
    groups: list[int],
    pipe: int,
    permission: int,
    words: Sequence[str],
    *,
    terminal: int | None,
    mask: Iterable[int],
) -> NoReturn:
    """Be the process inside. ``terminal`` is one of the container's own, ``mask`` are the signals to block no more.

    ``pipe`` takes the report, ``permission`` gives a byte when the command may be started. Signals are blocked, so that
    none is lost.
    """
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        cgroups.join(groups)
        members = groups[0] if groups else None
        # What leads to the host goes before the container's root may look into this process.
        kept = [descriptor for descriptor in (terminal, members) if descriptor is not None]
        _close_others(pipe, permission, *kept, *leader.descriptors())
        leader.join_rest()
        leader.let_go()
        report.tell_joined(pipe)
        if os.read(permission, 1) and not signal.sigpending().intersection(FORWARDED):
            if terminal is not None:
                own_terminal.control(terminal)
            child = os.fork() or _become(words, mask)
            status = _reap(child, members, hangs_up=terminal is not None)
            report.tell_ended(pipe, status)
    except OSError as error:
        report.tell_failed(pipe, _reason(error))
    finally:
        os._exit(0)


def _reason(error: OSError) -> str:
    if error.errno == errno.EAGAIN:
        return "it has as many processes as it may have (TasksMax= of its unit)"
    return error.strerror or str(error)


def _become(words: Sequence[str], mask: Iterable[int]) -> NoReturn:
    """Be the command."""
    try:
        for number in _DEFAULTS:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        environment = {name: os.environ[name] for name in _VARIABLES if name in os.environ}
        for su in SU:
            try:
                # What follows the user's name is the shell's. With su's own -c, the command had no terminal to
                # control its jobs with.
                os.execve(su, ["su", "-l", "--", "root", *words], environment)
            except OSError as error:
                if error.errno not in {errno.ENOENT, errno.EACCES, errno.ENOTDIR}:
                    raise
        os.write(2, b"Error: No su in the container\n")
    except OSError as error:
        os.write(2, f"Error: su cannot be run in the container: {error.strerror}\n".encode())
    finally:
        os._exit(_NOT_FOUND)


def _reap(child: int, members: int | None, *, hangs_up: bool) -> int:
    """Wait for the command's end and return its wait status; meanwhile, hand on what others send to this process.

    What the kernel sends for a key, the command gets as well, but with ``hangs_up`` not that the terminal was closed.
    """
    deadline: float | None = None
    late: dict[int, float] = {}
    while True:
        now = time.monotonic()
        left = 3600.0 if deadline is None else max(0.0, deadline - now)
        received = signal.sigtimedwait([signal.SIGCHLD, *FORWARDED], min(left, _STEP) if late else left)
        now = time.monotonic()
        if deadline is not None and now >= deadline:
            _kill({child, *_others(members)})
            deadline = None
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            if deadline is None and _is_ending():
                deadline = now + _GRACE
            if deadline is not None:
                _outlive(members, deadline)
            return status
        late = {number: until for number, until in late.items() if now < until and not _hand_on(child, number)}
        if received is None or received.si_signo == signal.SIGCHLD:
            continue
        if received.si_code > 0 and not (hangs_up and received.si_signo == signal.SIGHUP):
            continue
        os.kill(child, received.si_signo)
        if received.si_signo != signal.SIGTERM and not _hand_on(child, received.si_signo):
            late[received.si_signo] = now + _START_SECONDS
        # A signal of init's that comes while the same one of somebody else's is pending is lost.
        if deadline is None and (received.si_pid == _INIT or _is_ending()):
            deadline = now + _GRACE


def _is_ending() -> bool:
    """Tell whether the container's init ends all processes now, though it may not have signalled any yet."""
    try:
        return shuts_down(_INIT)
    except OSError:
        return False  # a container may have no /proc


def _hand_on(child: int, number: int) -> bool:
    """Send a signal to what su started, since su passes on SIGTERM alone; return whether there was anything."""
    try:
        with open(f"/proc/{child}/task/{child}/children", "rb") as file:  # noqa: PTH123 -- pathlib is slow to import
            pids = [int(word) for word in file.read().split()]
    except OSError:
        return True  # not every kernel tells
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
    return bool(pids)


def _outlive(members: int | None, deadline: float) -> None:
    """Wait until the deadline for what the command has left behind, and kill it then."""
    while _others(members):
        if time.monotonic() >= deadline:
            _kill(_others(members))
            return
        time.sleep(_STEP)


def _others(members: int | None) -> set[int]:
    """Return the processes that entered, but for this one."""
    if members is None:
        return set()
    os.lseek(members, 0, os.SEEK_SET)
    return {int(word) for word in os.read(members, 1 << 16).split()} - {0, os.getpid()}


def _kill(pids: Iterable[int]) -> None:
    """Kill what entered: the container ends, and its init would wait for it for long."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _close_others(*kept: int) -> None:
    begin = 3
    for descriptor in sorted(kept):
        os.closerange(begin, descriptor)
        begin = descriptor + 1
    os.closerange(begin, os.sysconf("SC_OPEN_MAX"))
