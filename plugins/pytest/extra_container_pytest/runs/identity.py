"""Names of runs, which say what process began them.

With pytest-xdist that is the one that starts the workers. It makes no containers itself, and its workers may come late
to those that others made, so that for a while no process has joined a run that is not over.
"""

from __future__ import annotations

import os
import secrets

from extra_container.plugin import proc


def new() -> str:
    """Return the name of a run that this process begins."""
    own = proc.identify(os.getpid())
    assert own is not None
    return f"{secrets.token_hex(8)}-{own.pid}-{own.started}"


def began_by_living(run: str) -> bool:
    """Whether the process that began a run still lives; no for names that do not say so."""
    match run.split("-"):
        case [_, pid, started] if pid.isdecimal() and started.isdecimal():
            return proc.Process(pid=int(pid), started=int(started)).alive()
    return False
