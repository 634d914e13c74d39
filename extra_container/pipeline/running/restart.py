"""Restarting installed containers, each as soon as it has stopped if nobody cares for the moment in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extra_container.model import host, wording
from extra_container.model.plans import RunPlan
from extra_container.pipeline import control, inside, recovery
from extra_container.state import lock, pending, record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extra_container.model.plans import Failure
    from extra_container.pipeline.context import Context


def restart(wanted: tuple[str, ...], context: Context) -> None:
    """Stop containers and start each when it is gone; one that does not stop keeps no other from it.

    A run that is killed in between leaves that to the manager, or to the next one that changes something.
    """
    control.require_conf(wanted, context)
    with lock.machine_lock("restart", context.emit, context.host.runtime_directory):
        recovery.recover(context, frozenset(wanted))
        context.hooks.before_start(RunPlan(restart=wanted), context.host, None, context.request)
        control.ask_before_stop(wanted, context)
        for name in wanted:
            record.begin(name, record.Transition(before={}, after={}, ran=True), context.host)
        try:
            context.note("containers.restarting", wanted)
            left, failed = _each(wanted, context)
            stuck, down = _in_two_steps(left, context) if left else ((), ())
            control.fail(stop=stuck, start=(*failed, *down))
        finally:
            record.end(wanted, context.host)


def _in_two_steps(wanted: tuple[str, ...], context: Context) -> tuple[tuple[Failure, ...], tuple[Failure, ...]]:
    """Stop all containers, then start those that stopped; return what did not stop and what did not start."""
    with control.explained(lambda: f"{wording.end(wanted)} Nothing was started again."):
        stuck = control.try_to_stop(wanted, context)
    stopped = control.without(wanted, stuck)
    return stuck, control.try_to_start(stopped, context, stopped)


def _each(wanted: tuple[str, ...], context: Context) -> tuple[tuple[str, ...], Sequence[Failure]]:
    """Restart the containers that the manager restarts by itself; return the others, and what failed.

    It does all if nobody follows each step, or wants to act when a container has stopped and before it starts.
    """
    manager = context.host.manager
    if context.follow is not None or context.hooks.has("ec_after_stop") or not isinstance(manager, host.Restarting):
        return wanted, ()
    with (
        control.explained(lambda: wording.restart(wanted)),
        context.phase("start", wanted),
        inside.emptied(wanted, context.host),
    ):
        left, failures = manager.restart(wanted)
    if done := tuple(name for name in wanted if name not in left):
        pending.forget(done, context.host)
        context.hooks.after_start(done, tuple(failures), context.host, context.runner, context.request)
    return tuple(left), failures
