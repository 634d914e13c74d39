"""Starting, updating and restarting what a plan says."""

from __future__ import annotations

from extra_container.model import events, host, wording
from extra_container.model.errors import (
    ContainerError,
    ExtraContainerError,
    RollbackError,
    RolledBackError,
    TimeUpError,
)
from extra_container.model.frozen import replace
from extra_container.model.plans import Failure, InstallPlan, Left, RunPlan, RunState
from extra_container.model.values import Problem, Request, Severity
from extra_container.nix.switch import Outcome, failure_of, outcome_of
from extra_container.pipeline import control, inside
from extra_container.pipeline.context import Context
from extra_container.process import result
from extra_container.state import pending
from extra_container.systemd.capacity import boots_at_once


def ask_plugins(run_plan: RunPlan, plan: InstallPlan, context: Context) -> None:
    """Let plugins act before anything is installed, stopped, updated or started."""
    context.hooks.before_start(run_plan, context.host, plan, context.request)
    control.ask_before_stop(run_plan.restart, context)
    if run_plan.update:
        context.hooks.before_update(run_plan.update, context.host, context.runner, context.request)


def run(run_plan: RunPlan, plan: InstallPlan, context: Context) -> tuple[RunPlan, tuple[Failure, ...]]:
    """Update, start and restart as planned; return what was done and what failed.

    A container whose update asks for a restart has been restarted instead.
    """
    failures: list[Failure] = []
    restart = list(run_plan.restart)
    if run_plan.start and not restart:  # with restarts, it was told before these
        context.emit(events.Starting(names=run_plan.start))
    failures += _start((*run_plan.start, *restart), context)
    again: tuple[str, ...] = ()
    if run_plan.update:
        context.emit(events.Updating(names=run_plan.update))
        with context.phase("update", run_plan.update):
            again, failed = _update(run_plan.update, plan, context)
        failures += failed
        if updated := tuple(name for name in run_plan.update if name not in again):
            context.hooks.after_update(updated, failed, context.host, context.runner, context.request)
        if again:
            context.emit(events.Restarting(names=again))
            control.ask_before_stop(again, context)
            control.shut_down(again, context)
            failures += _start(again, context)
    for failure in failures:
        context.emit(events.ContainerFailed(failure=failure))
    updated = tuple(name for name in run_plan.update if name not in again)
    return replace(run_plan, update=updated, restart=tuple(sorted((*restart, *again)))), tuple(failures)


def verify(
    done: RunPlan, failures: tuple[Failure, ...], plan: InstallPlan, since: float, context: Context
) -> tuple[Failure, ...]:
    """Return what failed and what is not healthy; ``since`` is when the round began, in monotonic seconds."""
    if context.request is None:
        return failures
    failed = {failure.name for failure in failures}
    well = replace(
        done,
        start=tuple(name for name in done.start if name not in failed),
        update=tuple(name for name in done.update if name not in failed),
        restart=tuple(name for name in done.restart if name not in failed),
    )
    rest = replace(plan, items=tuple(item for item in plan.items if item.name not in failed))
    found = context.hooks.verify(
        well,
        rest,
        host=context.host,
        runner=context.runner,
        request=context.request,
        since=since,
        tell=context.tell,
    )
    for failure in found:
        context.emit(events.ContainerFailed(failure=failure))
    return (*failures, *found)


def _start(names: tuple[str, ...], context: Context) -> tuple[Failure, ...]:
    if not names:
        return ()
    with context.phase("start", names):
        failures = context.host.manager.start(names)
    failed = {failure.name for failure in failures}
    context.note("containers.started", [name for name in names if name not in failed])
    context.hooks.after_start(names, failures, context.host, context.runner, context.request)
    return failures


def finish(state: RunState, context: Context) -> None:
    """Let plugins act once all is done."""
    try:
        context.hooks.after_run(state, context.host, context.request)
    except ExtraContainerError as error:
        if not state.failures:
            raise
        # The caller tells of the containers that failed, which matters more.
        problem = Problem(message=error.message, hint=error.hint, severity=Severity.WARNING)
        context.emit(events.ProblemFound(problem=problem))


def require_success(state: RunState, request: Request | None = None) -> None:
    """Raise one :class:`.ContainerError` that names every container that failed.

    ``request`` is not looked at: what became of each container stands in ``state.left``.
    """
    del request
    if state.failures:
        raise _kind(state)("\n".join(failure_lines(state)), hint=aftermath(state))


def _kind(state: RunState) -> type[ExtraContainerError]:
    """Return what kind of failure it is, of several the one that has left most to do. Pure."""
    fates = {state.left.get(failure.name) for failure in state.failures}
    if Left.ASTRAY in fates:
        return RollbackError
    if fates == {Left.RETURNED}:
        return RolledBackError
    return TimeUpError if all(failure.late for failure in state.failures) else ContainerError


def failure_lines(state: RunState) -> list[str]:
    """Return what is told of each container that failed. Pure."""
    return [
        wording.failure(failure, "update" if failure.name in state.done.update else "start")
        for failure in state.failures
    ]


def aftermath(state: RunState) -> str:
    """Return what became of the containers that failed, a line for each kind of fate. Pure."""
    by_fate: dict[Left, list[str]] = {}
    for name in sorted({failure.name for failure in state.failures}):
        updated = name in state.done.update
        fate = state.left.get(name, Left.UPDATING if updated else Left.KEPT)
        by_fate.setdefault(fate, []).append(name)
    return "\n".join(wording.fate(fate, by_fate[fate]) for fate in Left if fate in by_fate)


def describe_interruption(run_plan: RunPlan, context: Context, later: tuple[str, ...] = ()) -> str:
    """Return what containers do that are installed and whose start or update is not waited for.

    ``later`` are those whose turn has not come.
    """
    return wording.interruption(run_plan, context.host.manager.states((*run_plan.start, *run_plan.restart)), later)


def _update(
    wanted: tuple[str, ...], plan: InstallPlan, context: Context
) -> tuple[tuple[str, ...], tuple[Failure, ...]]:
    settings = {item.name: item.container.settings for item in plan.items}
    leaders = host.leaders(wanted, context.host.manager)
    failures = [
        Failure(name=name, message="it ended while it was to be updated") for name in wanted if leaders[name] is None
    ]
    again = []
    running = [(name, leader) for name, leader in leaders.items() if leader is not None]
    from concurrent.futures import ThreadPoolExecutor

    with (
        ThreadPoolExecutor(max_workers=boots_at_once()) as pool,
        context.runner.together(on=KeyboardInterrupt) as runner,  # what goes wrong with one switch ends no other
    ):
        switches = [pool.submit(inside.update, name, leader, settings[name], runner) for name, leader in running]
        for switch in map(result, switches):
            context.emit(
                events.ContainerUpdated(
                    name=switch.name, code=switch.code, output=switch.output, seconds=switch.seconds
                )
            )
            match outcome_of(switch):
                case Outcome.DONE:
                    pending.forget((switch.name,), context.host)
                case Outcome.RESTART:
                    again.append(switch.name)
                case Outcome.FAILED:
                    failures.append(failure_of(switch))
    return tuple(again), tuple(failures)
