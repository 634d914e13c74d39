"""A terminal of the container's own, and the caller's one in front of it. Sources: pty(7), ioctl_tty(2), termios(3)."""

from __future__ import annotations

import fcntl
import os
import select
import stat
import termios
import time
import tty

from extra_container.enter.kernel import FORWARDED, signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from extra_container.enter.report import Report

_IN, _OUT = 0, 1
_CHUNK = 65536
_MULTIPLEXER = (5, 2)  # /dev/ptmx, Documentation/admin-guide/devices.txt of the kernel
_LAST_WORDS_SECONDS = 1.0
_RAW, _COOKED = b"r", b"c"
# As in machinectl(1): three times within a second leave a container that does not answer.
_ESCAPE = 0x1D
_ESCAPES, _ESCAPE_SECONDS = 3, 1.0


def wanted() -> bool:
    """Whether the caller is at a terminal."""
    return os.isatty(_IN) and os.isatty(_OUT)


def open_pair(owner: int) -> tuple[int, int] | None:
    """Return controller and terminal of a new pair, to be called in the container; None if it has no terminals.

    The terminal belongs to the user ``owner``. What the container calls its multiplexer is looked at before it is
    opened.
    """
    for path in ("/dev/pts/ptmx", "/dev/ptmx"):
        try:
            status = os.stat(path)  # noqa: PTH116 -- pathlib takes too long to import
            if not stat.S_ISCHR(status.st_mode) or (os.major(status.st_rdev), os.minor(status.st_rdev)) != _MULTIPLEXER:
                continue
            controller = os.open(path, os.O_RDWR | os.O_NOCTTY)
        except OSError:
            continue
        fcntl.ioctl(controller, _TIOCSPTLCK, b"\0\0\0\0")
        terminal = fcntl.ioctl(controller, _TIOCGPTPEER, os.O_RDWR | os.O_NOCTTY)
        os.fchown(terminal, owner, -1)
        return controller, terminal
    return None


# Not in Python's `termios` before 3.13; ioctl_tty(2). The same on all machines but alpha, mips, powerpc and sparc.
_TIOCSPTLCK = getattr(termios, "TIOCSPTLCK", 0x40045431)
_TIOCGPTPEER = 0x5441


class Front:
    """The caller's terminal, raw while the command runs and as it was afterwards, whatever becomes of this process."""

    def __init__(self, controller: int) -> None:
        self._controller = controller
        self._modes: list[object] = [*termios.tcgetattr(_IN)]
        self._raw = False
        self._hung_up = False
        self._guard, self._guardian = _guard(self._modes)
        self._typed = b""
        self._escapes: list[float] = []
        self._wake, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(waker)
        for number in (*FORWARDED, signal.SIGWINCH, signal.SIGCONT, signal.SIGTSTP):
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, lambda _number, _frame: None)
        os.set_blocking(controller, False)
        self._resize()

    def show(self, report: Report, send: Callable[[int], None]) -> bool:
        """Copy both ways until the command has ended, or was left by the escape; return whether it has ended.

        ``send`` hands signals on to it.
        """
        poll = select.poll()
        for descriptor in (report.pipe, self._wake, self._controller, _IN):
            poll.register(descriptor, select.POLLIN)
        listens = True
        self._enter_raw()
        while not report.over and report.status is None and not self._hung_up:
            poll.modify(self._controller, select.POLLIN | (select.POLLOUT if self._typed else 0))
            if listens:
                poll.modify(_IN, 0 if self._typed else select.POLLIN)
            for descriptor, events in poll.poll():
                if descriptor == report.pipe:
                    report.read()
                elif descriptor == self._wake:
                    self._take_signals(send)
                elif descriptor == _IN:
                    listens = self._read_keys(send)
                    if not listens:
                        poll.unregister(_IN)
                elif not self._copy(events):
                    # Nobody has the other end open just now.
                    poll.modify(self._controller, 0)
                    time.sleep(0.01)
            if self._left():
                self._typed = b""
                send(signal.SIGHUP)
                return False
        if self._hung_up:
            self._hang_up(report, send)
            return True
        # What is still on its way; a process that is left in the background may go on writing for ever.
        deadline = time.monotonic() + _LAST_WORDS_SECONDS
        while self._print() and time.monotonic() < deadline:
            continue
        return True

    def _hang_up(self, report: Report, send: Callable[[int], None]) -> None:
        """Close the terminal inside as the one outside was, and wait for the command's end."""
        os.close(self._controller)
        poll = select.poll()
        for descriptor in (report.pipe, self._wake):
            poll.register(descriptor, select.POLLIN)
        while not report.over and report.status is None:
            for descriptor, _ in poll.poll():
                if descriptor == report.pipe:
                    report.read()
                else:
                    self._take_signals(send)

    def leave(self) -> None:
        """Give the terminal back, with what was typed and has not gone inside.

        What did go inside never comes back: a hostile container would type on the host.
        """
        self._type(self._typed)
        self._enter_cooked()
        os.close(self._guard)
        try:
            os.waitpid(self._guardian, 0)
        except ChildProcessError:
            return  # the kernel has reaped it

    def _enter_raw(self) -> None:
        self._raw = True
        os.write(self._guard, _RAW)
        tty.setraw(_IN, termios.TCSADRAIN)

    def _enter_cooked(self) -> None:
        if self._raw:
            self._raw = False
            _set_modes(self._modes)
            os.write(self._guard, _COOKED)

    def _type(self, keys: bytes) -> None:
        """Put keys back into the terminal. They have been echoed already."""
        if not keys or not self._raw:
            return
        silent = [*self._modes]
        silent[3] = int(str(silent[3])) & ~termios.ECHO
        _set_modes(silent)
        try:
            for key in keys:
                fcntl.ioctl(_IN, termios.TIOCSTI, bytes([key]))
        except OSError:
            return  # the kernel may be told to refuse that

    def _take_signals(self, send: Callable[[int], None]) -> None:
        for number in os.read(self._wake, 4096):
            if number == signal.SIGWINCH:
                self._resize()
            elif number == signal.SIGTSTP:
                self._enter_cooked()
                os.kill(os.getpid(), signal.SIGSTOP)
            elif number == signal.SIGCONT:
                self._enter_raw()
                self._resize()
            elif number in FORWARDED:
                send(number)
                self._hung_up |= number == signal.SIGHUP

    def _resize(self) -> None:
        try:
            fcntl.ioctl(self._controller, termios.TIOCSWINSZ, fcntl.ioctl(_IN, termios.TIOCGWINSZ, b"\0" * 8))
        except OSError:
            return  # the caller's terminal was closed

    def _read_keys(self, send: Callable[[int], None]) -> bool:
        """Take what was typed; return whether there may be more. A closed terminal is told to the command."""
        try:
            self._typed = os.read(_IN, _CHUNK)
        except OSError:
            self._typed = b""
        if not self._typed:
            send(signal.SIGHUP)
            self._hung_up = True
            return False
        for key in self._typed:
            self._escapes = [*self._escapes, time.monotonic()][-_ESCAPES:] if key == _ESCAPE else []
        return True

    def _left(self) -> bool:
        return len(self._escapes) == _ESCAPES and self._escapes[-1] - self._escapes[0] <= _ESCAPE_SECONDS

    def _copy(self, events: int) -> bool:
        """Do what the events announce; return whether anybody is at the other end."""
        if events & select.POLLOUT and self._typed:
            try:
                self._typed = self._typed[os.write(self._controller, self._typed) :]
            except BlockingIOError:
                return True
        return self._print() if events & select.POLLIN else not events & select.POLLHUP

    def _print(self) -> bool:
        """Show what can be read of the command; return whether there may be more."""
        try:
            text = os.read(self._controller, _CHUNK)
        except OSError:  # there is nothing, or nobody has the other end open any more
            return False
        while text:
            try:
                text = text[os.write(_OUT, text) :]
            except OSError:
                return False  # the caller's terminal was closed
        return True


def _guard(modes: list[object]) -> tuple[int, int]:
    """Start a process that restores the modes if this one is killed while the terminal is raw.

    It is told by :data:`_RAW` and :data:`_COOKED` through the pipe that is returned together with its PID.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _stand_guard(reader, writer, modes)
    os.close(reader)
    return writer, child


def _stand_guard(reader: int, writer: int, modes: list[object]) -> NoReturn:
    try:
        os.close(writer)
        os.setsid()
        signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())
        # It must not keep open what others read from.
        os.dup2(os.open("/dev/null", os.O_RDWR), 2)
        os.dup2(2, _OUT)
        os.closerange(3, reader)
        os.closerange(reader + 1, os.sysconf("SC_OPEN_MAX"))
        last = _COOKED
        while received := os.read(reader, 64):
            last = received[-1:]
        if last == _RAW:
            _set_modes(modes)
    finally:
        os._exit(0)


def _set_modes(modes: list[object]) -> None:
    # From the background, the call would stop this process with SIGTTOU.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        termios.tcsetattr(_IN, termios.TCSADRAIN, modes)  # type: ignore[arg-type]  # what tcgetattr gave
    except termios.error:
        return  # it was closed
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
