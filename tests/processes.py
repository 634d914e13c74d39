"""Processes that a test starts: they end with it, whatever becomes of it."""

import contextlib
import os
import signal
import subprocess
import time


@contextlib.contextmanager
def running(*argv, **options):
    """Give a process, which sleeps unless it is told what to do.

    It ends with the block, and with it all of its process group: a test that fails waits for none of them.
    """
    if not options.get("start_new_session"):
        options.setdefault("process_group", 0)
    with subprocess.Popen(argv or ("sleep", "1000"), **options) as process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def wait_for(condition, seconds=10):
    """Wait until a condition holds; the test fails if that takes longer than ``seconds``."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)
