"""The terminal of the container's own, as the processes inside have it. Sources: pty(7), ioctl_tty(2), termios(3)."""

from __future__ import annotations

import os


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
