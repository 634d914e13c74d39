"""A change that goes back unless it is confirmed in time: whoever made it may not reach this machine any more.

Who is first decides, the one who confirms or the end of the time: both make the same file, which one of them finds.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from extra_container.plugin import (
    BuiltSource,
    ContainerError,
    Request,
    RollbackError,
    RolledBackError,
    UsageError,
    layout,
)
from extra_container.plugin_command import (
    Verdict,
    defined_names,
    mark_generation,
    program_argv,
    read_generations,
    read_installed,
)

if TYPE_CHECKING:
    from extra_container.plugin_command import Context
    from extra_container_remote.job.files import Job

CONFIRMED, BACK = "confirmed", "back"
_INTERVAL = 0.1
_UNCONFIRMED = "nobody confirmed it in time"


def remember(job: Job, context: Context) -> None:
    """Write down how the containers are that a job may change: those of its build."""
    names = defined_names(Request(command="create", source=BuiltSource(path=job.root.resolve())), context)
    job.note("before", json.dumps(_standing(names, context)))


def await_word(job: Job, seconds: float, context: Context) -> None:
    """Wait until the change of a job is confirmed, or go back after these seconds."""
    end = time.monotonic() + seconds
    while job.noted("fate") is None:
        if time.monotonic() >= end:
            settle(job, context)
            return
        time.sleep(_INTERVAL)


def broken_off(job: Job) -> None:
    """Note that a job was ended from outside: what it has done until then is not to stay."""
    job.note("broken", "")


def settle(job: Job, context: Context) -> None:
    """Go back if the change of a job was not confirmed, and write down what came of that."""
    if job.noted("before") is None or (job.code() and job.noted("broken") is None) or not job.decide(BACK):
        return
    code = RollbackError.exit_code
    try:
        before: Mapping[str, Any] = json.loads(job.noted("before") or "{}")
        done = [_go_back(name, one, context) for name, one in before.items()]
        if all(done):
            code = RolledBackError.exit_code
    finally:
        job.note("settled", str(code))


def confirm(job: Job) -> int:
    """Confirm the change of a job; return 0, or if it went back, how that ended.

    Raises :class:`.UsageError` if there is nothing to confirm, and as :meth:`.Job.require_alive`.
    """
    if not job.exists or job.noted("before") is None:
        raise UsageError(
            f"Nothing of a job {job.directory.name} waits for confirmation",
            hint="Has the machine been restarted? Then what was changed has stayed.",
        )
    code = job.code()
    if code is None:
        raise ContainerError(f"The job {job.directory.name} is not over yet", hint="Confirm it when it is.")
    if code or job.decide(CONFIRMED) or job.noted("fate") == CONFIRMED:
        return code
    while (settled := job.noted("settled")) is None:
        job.require_settling()
        time.sleep(_INTERVAL)
    return int(settled)


def _standing(names: Sequence[str], context: Context) -> dict[str, dict[str, object]]:
    """Return how containers are: the generation that is installed, whether they are there, run, and have data."""
    present = read_installed(context.host.gc_roots)
    states = context.host.manager.states([name for name in names if name in present])
    return {
        name: {
            "there": name in states,
            "generation": read_generations(name, context.host).current if name in states else None,
            "up": name in states and states[name].up,
            "data": any(os.path.lexists(place / name) for place in layout.STATE_DIRECTORIES),
        }
        for name in names
    }


def _go_back(name: str, before: Mapping[str, Any], context: Context) -> bool:
    """Make a container what it was; return whether it is."""
    now = _standing([name], context)[name]
    if not before["there"]:
        # What was there before its container, as a backup, is somebody's.
        keep = ("--keep-data",) if before["data"] else ()
        return not now["there"] or _do("destroy", *keep, name, context=context)
    if not now["there"]:
        return False  # somebody else has destroyed it meanwhile
    done = True
    if now["generation"] != before["generation"]:
        number = read_generations(name, context.host).current
        if number is not None:
            mark_generation(name, number, Verdict.FAILED, context.host, _UNCONFIRMED)
        to = () if before["generation"] is None else (f"--to={before['generation']}",)
        done = _do("rollback", *to, name, context=context)
    if _standing([name], context)[name]["up"] != before["up"]:
        done = _do("start" if before["up"] else "stop", name, context=context) and done
    return done


def _do(*words: str, context: Context) -> bool:
    context.tell(f"Going back: {' '.join(words)}")
    return context.runner.stream([*program_argv(), *words], on_stderr=context.tell).returncode == 0
