"""Waiting for a command that has the caller's own streams."""

from __future__ import annotations

import fcntl
import os

from extra_container.enter.kernel import FORWARDED, signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from extra_container.enter.report import Report


def watch(report: Report) -> None:
    """Have the kernel announce a report by SIGIO, which the caller has blocked."""
    fcntl.fcntl(report.pipe, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(report.pipe, fcntl.F_SETFL, os.O_NONBLOCK | os.O_ASYNC)


def wait(report: Report, send: Callable[[int], None]) -> None:
    """Wait until the command has ended. ``send`` hands on signals, which the caller has blocked.

    Those that a key of a shared terminal makes reach the command without help.
    """
    while True:
        # One signal may be for several lines, and for the end behind them.
        while report.read():
            pass
        if report.over or report.status is not None:
            return
        received = signal.sigwaitinfo([signal.SIGIO, *FORWARDED])
        if received.si_signo != signal.SIGIO and received.si_code <= 0:
            send(received.si_signo)
