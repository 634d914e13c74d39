"""Processes that a test starts: they end with it, whatever becomes of it."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path


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


def is_of_a_test_host(pid):
    """Whether a process is of a test host that is up beside the tests: the machine sees it, and it is none of theirs.

    Seen from inside a host, none is. Source: `name_host` and `join_cgroup` in dev/lib.
    """
    try:
        groups = Path(f"/proc/{pid}/cgroup").read_text()
    except OSError:
        return False  # it has ended
    return any(line.rpartition(":")[2].startswith("/ec-") for line in groups.splitlines())


def wait_for(condition, seconds=10):
    """Wait until a condition holds; the test fails if that takes longer than ``seconds``."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)
