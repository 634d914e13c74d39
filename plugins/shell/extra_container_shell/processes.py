"""The processes of a session: the one that the user works with, and all that it started."""

from __future__ import annotations

import errno
import os
import signal
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from extra_container.plugin import proc
from extra_container.plugin_command import shell_code
from extra_container_shell.contribution import DIRECTORY_VARIABLE

NOT_EXECUTABLE = 126
NOT_FOUND = 127
_STEP = 0.02
_STDIN = 0
# Python ignores these; programs expect them as they are by default.
_DEFAULTS = (signal.SIGPIPE, signal.SIGXFSZ)


class CommandNotRunError(Exception):
    """A command could not be started. ``code`` is what shells end with then (POSIX, XCU 2.8.2)."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command on the caller's stdin, stdout, stderr and terminal; return the exit code that a shell would show.

    It is looked up on the PATH of ``environment``. Raises :class:`CommandNotRunError` if there is no such program.
    """
    import shutil

    program = shutil.which(command[0], path=environment["PATH"])
    if program is None:
        raise CommandNotRunError(f"{command[0]}: command not found", NOT_FOUND)
    try:
        pid = _spawn(program, command, environment)
    except OSError as error:
        raise CommandNotRunError(f"{command[0]}: {os.strerror(error.errno or 0)}", NOT_EXECUTABLE) from error
    _, status = os.waitpid(pid, 0)
    return shell_code(os.waitstatus_to_exitcode(status))


def end(directory: Path, *, grace: float = 5.0) -> None:
    """End the processes of the session that has this directory; kill those that are left after ``grace`` seconds."""
    ours = os.getsid(0)

    def is_member(pid: int) -> bool:
        return _is_member(pid, directory, ours)

    def send(pids: Sequence[int], number: signal.Signals) -> None:
        for pid in pids:
            proc.signal_if(pid, number, is_member)

    # A stopped process takes note of nothing until it goes on.
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGCONT):
        send(members(directory), number)
    deadline = time.monotonic() + grace
    while (left := members(directory)) and time.monotonic() < deadline:
        time.sleep(_STEP)
    send(left, signal.SIGKILL)


def members(directory: Path) -> tuple[int, ...]:
    """Return the processes of a session: they have its directory in their environment or in their command line.

    The environment counts only for those that have not detached themselves from the terminal, as daemons and the
    supervisors of containers do. The command line shows the commands of the session, and background connections of
    ssh, which detach themselves and overwrite their environment with a title.
    """
    ours = os.getsid(0)
    return tuple(pid for pid in proc.pids() if _is_member(pid, directory, ours))


def _is_member(pid: int, directory: Path, ours: int) -> bool:
    inside, mark = os.fsencode(f"{directory}/"), os.fsencode(f"{DIRECTORY_VARIABLE}={directory}")
    if any(inside in word for word in proc.command_line(pid)):
        return True
    return mark in proc.environment(pid) and _session_id(pid) == ours


@contextmanager
def terminal_kept() -> Iterator[None]:
    """Give the terminal back as it was: a shell that is killed leaves its own modes and foreground group there."""
    try:
        foreground = os.tcgetpgrp(_STDIN)
        modes = termios.tcgetattr(_STDIN)
    except (OSError, termios.error):
        yield  # stdin is no terminal, or not the one that controls this process
        return
    try:
        yield
    finally:
        # From the background, both calls would stop this process with SIGTTOU.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        with suppress(OSError, termios.error):  # it was closed
            if foreground == os.getpgrp() != os.tcgetpgrp(_STDIN):
                os.tcsetpgrp(_STDIN, foreground)
                termios.tcsetattr(_STDIN, termios.TCSADRAIN, modes)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _spawn(program: str, command: Sequence[str], environment: Mapping[str, str]) -> int:
    try:
        return os.posix_spawn(program, tuple(command), environment, setsigdef=_DEFAULTS)
    except OSError as error:
        if error.errno != errno.ENOEXEC:
            raise
        # A script without `#!` is one for sh (POSIX, XCU 2.9.1.4).
        return os.posix_spawn("/bin/sh", ["sh", program, *command[1:]], environment, setsigdef=_DEFAULTS)


def _session_id(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None
