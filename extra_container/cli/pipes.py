"""What to do when nobody reads our output any more."""

from __future__ import annotations

import os
import sys

_BROKEN_PIPE = 141  # as a shell shows a death by SIGPIPE


def give_up_stdout() -> int:
    """Send what is left to nowhere, since Python would complain once more at exit, and return the exit code."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return _BROKEN_PIPE
