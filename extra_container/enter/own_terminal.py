"""The terminal of the container's own, as the processes inside have it. Sources: pty(7), ioctl_tty(2), termios(3)."""

from __future__ import annotations

import os

from extra_container.enter.kernel import signal

# As hexadecimal digits it has to fit in what a pipe takes in one piece.
_MOST = 1500


def control(terminal: int) -> None:
    """Make it the terminal of a new session of the caller's, which goes on when the command has ended."""
    import fcntl
    import termios

    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
    # Standard streams as well, but for an error stream that is no terminal: the one outside belongs to others as soon
    # as the process there has ended.
    for stream in (0, 1, 2) if os.isatty(2) else (0, 1):
        os.dup2(terminal, stream)


def unread(terminal: int) -> bytes:
    """Return what was typed and nobody has read. The caller controls the terminal."""
    import termios

    for number in (signal.SIGTTOU, signal.SIGTTIN):
        signal.signal(number, signal.SIG_IGN)
    try:
        os.tcsetpgrp(terminal, os.getpgrp())  # a command that was killed may have left it to others
        modes = termios.tcgetattr(terminal)
        modes[3] &= ~termios.ICANON
        modes[6][termios.VMIN] = modes[6][termios.VTIME] = 0
        termios.tcsetattr(terminal, termios.TCSANOW, modes)
        return os.read(terminal, _MOST)
    except (OSError, termios.error):
        return b""  # it was closed outside
