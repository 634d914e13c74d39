"""Following a job: what it prints is printed here, and its exit code is returned."""

from __future__ import annotations

import os
import sys
import time
from typing import BinaryIO

from extra_container_remote.job.files import Job

_INTERVAL = 0.05
_PATIENCE = 60.0  # seconds from the start of a job until somebody works on it
_CHUNK = 1 << 16


def follow(job: Job, skip_out: int, skip_err: int) -> int:
    """Print what a job prints, from these bytes on, until it is over. Raises as :meth:`.Job.require_alive`."""
    began = time.monotonic()
    with job.out.open("rb") as out, job.err.open("rb") as err:
        out.seek(skip_out)
        err.seek(skip_err)
        while True:
            code = job.code()  # before the last look: nothing is printed after it
            moved = _hand_on(out, sys.stdout.buffer) + _hand_on(err, sys.stderr.buffer)
            if moved:
                continue
            if code is not None:
                return code
            job.require_alive(began, _PATIENCE)
            time.sleep(_INTERVAL)


def _hand_on(source: BinaryIO, target: BinaryIO) -> int:
    chunk = source.read(_CHUNK)
    if chunk:
        target.write(chunk)
        target.flush()
    elif _nobody_reads(target):
        raise BrokenPipeError
    return len(chunk)


def _nobody_reads(stream: BinaryIO) -> bool:
    """Whether what is written is lost: the connection is cut, and what follows it would stay for ever."""
    import select

    poll = select.poll()
    poll.register(stream.fileno(), 0)
    lost = any(events & (select.POLLERR | select.POLLHUP) for _, events in poll.poll(0))
    return lost and not os.isatty(stream.fileno())
