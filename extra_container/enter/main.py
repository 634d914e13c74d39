"""Entering a container: the process outside, which starts the one inside, waits, and ends with the command's code."""

from __future__ import annotations

import os

from extra_container.enter import cgroups, inside, plain, terminal
from extra_container.enter.argv import COMMAND, shell_arguments
from extra_container.enter.kernel import FORWARDED, signal
from extra_container.enter.leader import Leader, LeaderGoneError
from extra_container.enter.report import Report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_FAILURE = 1
_CONTAINER_FAILURE = 4  # extra_container.model.errors.ContainerError
_KILLED = 137
# What the end of a container does to what runs in it, as shells show it.
_DEATHS = frozenset({129, 137, 143})
_END_SECONDS = 5.0


def main(arguments: Sequence[str]) -> int:
    """Run as a program, see :func:`extra_container.enter.argv.enter_argv`. Returns the exit code."""
    name, pid, started, stopping, otherwise, *words = arguments
    try:
        leader = Leader(int(pid), int(started))
    except LeaderGoneError:
        if otherwise:
            os.execv("/bin/sh", ["sh", "-c", otherwise, "sh", *words])
        return _fail(_CONTAINER_FAILURE, f"The container {name} does not run")
    if words[:1] == [COMMAND]:
        words = shell_arguments(words[1:])
    try:
        return Entry(name, leader, f"{stopping}/{name}").run(words)
    except OSError as error:
        if leader.shuts_down():
            return _fail(_CONTAINER_FAILURE, f"The container {name} is stopping")
        file = f"{os.fsdecode(error.filename)}: " if error.filename else ""
        return _fail(_FAILURE, f"The container {name} cannot be entered: {file}{error.strerror}")


class Entry:
    """One command in one container. ``stopping`` is a file that is locked while the container is being stopped."""

    def __init__(self, name: str, leader: Leader, stopping: str) -> None:
        self._name = name
        self._leader = leader
        # The file may come any time, so its directory is kept open: the caller's root directory may be another one
        # than that of its mount namespace.
        directory, _, self._stopping = stopping.rpartition("/")
        try:
            self._runtime: int | None = os.open(directory, os.O_PATH | os.O_DIRECTORY)
        except FileNotFoundError:
            self._runtime = None
        self._inside = -1

    def run(self, words: Sequence[str]) -> int:
        """Run a login shell with the words as its arguments; return the exit code."""
        groups = cgroups.open_groups(self._leader.pid)
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {*FORWARDED, signal.SIGIO, signal.SIGCHLD})
        pipe, report_end = os.pipe()
        permission, allow = os.pipe()
        pair: tuple[int, int] | None = None

        def start() -> int:
            nonlocal pair
            pair = terminal.open_pair(self._leader.root_user) if terminal.wanted() else None
            child = os.fork()
            if child == 0:
                inside.serve(
                    self._leader, groups, report_end, permission, words, terminal=pair[1] if pair else None, mask=mask
                )
            return child

        child = self._leader.visit(start)
        self._inside = os.pidfd_open(child)
        # From now on the kernel reaps it, even while this process is stopped.
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        _reap(child, os.WNOHANG)
        self._leader.let_go()
        for descriptor in (*groups, report_end, permission, *(pair[1:] if pair else ())):
            os.close(descriptor)
        report = Report(pipe)
        while not (report.joined or report.over):
            report.read()
        if pending := signal.sigpending().intersection(FORWARDED):
            return 128 + int(min(pending))
        if report.joined and not self._is_stopping():
            if not self._command(report, allow, pair[0] if pair else None, mask):
                return _fail(_FAILURE, f"Left the container {self._name}, where the command may go on")
        elif report.failure is None:
            os.close(allow)
            _reap(child)
            self._leader.wake()
            return _fail(_CONTAINER_FAILURE, f"The container {self._name} is stopping")
        if report.over or report.status is not None or report.failure is not None:
            _reap(child)
            self._leader.wake()
        return self._code(report)

    def _command(self, report: Report, allow: int, controller: int | None, mask: set[int]) -> bool:
        """Let the command begin and wait for its end; return whether it has ended."""
        if controller is None:
            plain.watch(report)
            os.write(allow, b"1")
            plain.wait(report, self._send)
            return True
        front = terminal.Front(controller)
        try:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            os.write(allow, b"1")
            return front.show(report, self._send)
        finally:
            front.leave()

    def _send(self, number: int) -> None:
        try:
            signal.pidfd_send_signal(self._inside, number)
        except ProcessLookupError:
            return  # its report is on the way

    def _code(self, report: Report) -> int:
        if report.failure is not None and self._is_stopping():
            return _fail(_CONTAINER_FAILURE, f"The container {self._name} is stopping")
        if report.failure is not None:
            return _fail(_CONTAINER_FAILURE, f"Nothing can be started in the container {self._name}: {report.failure}")
        if report.status is None:
            code = _KILLED
            ended = self._is_stopping() or self._leader.ended(_END_SECONDS)
        else:
            code = os.waitstatus_to_exitcode(report.status)
            code = 128 - code if code < 0 else code
            ended = code in _DEATHS and self._is_stopping()
        if ended:
            return _fail(code, f"The container {self._name} stopped, and what ran in it ended with it")
        return code

    def _is_stopping(self) -> bool:
        return self._is_being_stopped() or self._leader.shuts_down()

    def _is_being_stopped(self) -> bool:
        """Whether somebody has the container's file locked; a file that a killed process left is not."""
        import fcntl

        if self._runtime is None:
            return False
        try:
            file = os.open(self._stopping, os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._runtime)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(file)
        return False


def _reap(child: int, flags: int = 0) -> None:
    """Reap a child, or wait until the kernel has done so: what is left would be in the way of the container's end."""
    try:
        os.waitpid(child, flags)
    except ChildProcessError:
        return


def _fail(code: int, message: str) -> int:
    try:
        os.write(2, f"Error: {message}\n".encode())
    except OSError:
        return code  # nobody listens any more
    return code
