"""A change that goes back unless it is confirmed in time: whoever made it may not reach this machine any more."""

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
    find_installed,
    mark_generation,
    program_argv,
    read_generations,
)
from extra_container_remote.job import change as changes
from extra_container_remote.job import files, next_boot
from extra_container_remote.job.change import BACK, CONFIRMED, FAILED

if TYPE_CHECKING:
    from extra_container.plugin_command import Context
    from extra_container_remote.job.change import Change
    from extra_container_remote.job.files import Job

_INTERVAL = 0.1
_PATIENCE = 60.0  # seconds from a boot until somebody goes back
_UNCONFIRMED = "nobody confirmed it in time"


def remember(job: Job, change: Change, context: Context) -> None:
    """Write down how the containers are that a job may change, those of its build, and see to the next boot."""
    names = defined_names(Request(command="create", source=BuiltSource(path=job.root.resolve())), context)
    change.make(_standing(names, context))
    next_boot.arrange(change, names, context)


def remember_end(change: Change, context: Context) -> None:
    """Write down which generations the change of a job has come to."""
    now = _standing(tuple(change.before or {}), context)
    change.note("after", json.dumps({name: one["generation"] for name, one in now.items()}))


def await_word(job: Job, change: Change, seconds: float, context: Context) -> None:
    """Wait until the change of a job is confirmed, or go back after these seconds."""
    end = time.monotonic() + seconds
    while change.fate is None:
        if time.monotonic() >= end:
            settle(job, change, context)
            return
        time.sleep(_INTERVAL)


def broken_off(job: Job) -> None:
    """Note that a job was ended from outside: what it has done until then is not to stay."""
    job.note("broken", "")


def settle(job: Job, change: Change, context: Context) -> None:
    """Go back if the change of a job was not confirmed, and write down what came of that.

    A machine that is shutting down does so when it has booted again.
    """
    if change.before is None or next_boot.is_near(context.host, context.runner):
        return
    if job.exists and job.code() and job.noted("broken") is None:
        change.decide(FAILED)
    else:
        with change.at_work():
            change.decide(BACK)
            if change.is_open:
                _settle(change, context)
    next_boot.cancel(change, context.host)


def settle_earlier(context: Context) -> None:
    """Go back from what was not confirmed before this boot, if nobody has done so yet."""
    for one in changes.every(context.host.state_directory):
        job = files.find(context.host.runtime_directory, one.name)
        if one.is_open and not job.exists:
            settle(job, one, context)


def confirm(job: Job, change: Change, context: Context) -> int:
    """Confirm the change of a job; return 0, or if it went back, how that ended.

    Raises :class:`.UsageError` if there is nothing to confirm, and as :meth:`.Change.require_settling`.
    """
    if change.before is None:
        raise UsageError(
            f"Nothing of a job {change.name} waits for confirmation",
            hint="Only what `job --confirm-within` changes does, and a day later it is forgotten.",
        )
    if job.exists:
        code = job.code()
        if code is None:
            raise ContainerError(f"The job {change.name} is not over yet", hint="Confirm it when it is.")
        if code:
            return code
        change.decide(CONFIRMED)
    if change.fate == CONFIRMED:
        next_boot.cancel(change, context.host)
        return 0
    end = time.monotonic() + _PATIENCE
    while (settled := change.settled) is None:
        if change.fate is not None or time.monotonic() > end:
            change.require_settling()
        time.sleep(_INTERVAL)
    return settled


def _settle(change: Change, context: Context) -> None:
    code = RollbackError.exit_code
    try:
        before, after = change.before or {}, change.after
        now = _standing(tuple(before), context)
        done = [
            not _is_of_somebody(one, now[name], after.get(name)) and _go_back(name, one, now[name], context)
            for name, one in before.items()
        ]
        if all(done):
            code = RolledBackError.exit_code
    finally:
        if not next_boot.is_near(context.host, context.runner):
            change.note("settled", str(code))


def _standing(names: Sequence[str], context: Context) -> dict[str, dict[str, object]]:
    """Return how containers are: the generation that is installed, whether they are there, run, and have data."""
    states = context.host.manager.states(tuple(find_installed(names, context.host.gc_roots)))
    return {
        name: {
            "there": name in states,
            "generation": read_generations(name, context.host).current if name in states else None,
            "up": name in states and states[name].up,
            "data": any(os.path.lexists(place / name) for place in layout.STATE_DIRECTORIES),
        }
        for name in names
    }


def _is_of_somebody(before: Mapping[str, Any], now: Mapping[str, Any], after: int | None) -> bool:
    """Whether somebody has changed a container since the job was over, and so it is not ours to change back."""
    return after is not None and bool(now["there"]) and now["generation"] not in {after, before["generation"]}


def _go_back(name: str, before: Mapping[str, Any], now: Mapping[str, Any], context: Context) -> bool:
    """Make a container what it was; return whether it is."""
    if not before["there"]:
        # What was there before its container, as a backup, is somebody's.
        keep = ("--keep-data",) if before["data"] else ()
        return not now["there"] or _do("destroy", *keep, name, context=context)
    if not now["there"]:
        return False  # somebody else has destroyed it meanwhile
    done = True
    if now["generation"] != before["generation"]:
        if now["generation"] is not None:
            mark_generation(name, now["generation"], Verdict.FAILED, context.host, _UNCONFIRMED)
        to = () if before["generation"] is None else (f"--to={before['generation']}",)
        done = _do("rollback", *to, name, context=context)
    if context.host.manager.states((name,))[name].up != before["up"]:
        done = _do("start" if before["up"] else "stop", name, context=context) and done
    return done


def _do(*words: str, context: Context) -> bool:
    context.tell(f"Going back: {' '.join(words)}")
    return context.runner.stream([*program_argv(), *words], on_stderr=context.tell).returncode == 0
