"""Names of the kernel that the modules for them are too slow to import for, or do not have in every version."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
else:
    import _signal as signal

__all__ = ["FORWARDED", "setns", "signal"]

# What a process outside asks for is asked of the command as well.
FORWARDED = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)


def setns(descriptor: int) -> None:
    """Join the namespace of an open file of /proc/PID/ns (setns(2)). Raises OSError."""
    if hasattr(os, "setns"):  # since Python 3.12
        os.setns(descriptor)
        return
    import ctypes

    if ctypes.CDLL(None, use_errno=True).setns(descriptor, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
