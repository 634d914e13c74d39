"""The pipeline: build, plan, install, run. Its reverse is in :mod:`extra_container.pipeline.destroy`.

``plan_*`` functions are pure and decide; everything else acts and decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from types import MappingProxyType

from extra_container.model import events
from extra_container.model.errors import ExtraContainerError, Interrupted, UsageError
from extra_container.model.host import UnitState
from extra_container.model.plans import Change, InstallPlan, RunPlan, RunState
from extra_container.model.values import BuildResult, Problem, Request, Severity
from extra_container.pipeline import build, control, leftovers, rollback, run
from extra_container.pipeline.context import Context, report
from extra_container.state import files, installed, lock, names, pending


class StartInterrupted(Interrupted):
    """Ctrl-C while containers started: they are installed and go on booting. ``state`` knows of no failures yet."""

    def __init__(self, state: RunState, message: str = "") -> None:
        super().__init__(message)
        self.state = state


def create(request: Request, context: Context, keep: ExitStack | None = None) -> RunState:
    """Build a definition, install its containers and start, update or restart them as the request says.

    ``keep`` receives what must live as long as the caller needs the build. Raises
    :class:`.ExtraContainerError`; a container that failed to start is taken back out, so that
    the host is as before, unless ``request.keep_failed``.
    """
    with ExitStack() as stack:
        return create_built(request, build.build(request, context, keep or stack), context)


def create_built(request: Request, result: BuildResult, context: Context) -> RunState:
    """Do what :func:`create` does with a build that is there already."""
    with lock.machine_lock(request.command, context.emit, context.host.runtime_directory):
        leftovers.sweep(context)
        plan = plan_install(result, context)
        return install_and_run(request, plan, result, context)


def plan_install(result: BuildResult, context: Context) -> InstallPlan:
    """Decide what of a build to install, after checking that this host can run it."""
    for container in result.containers:
        if not names.creatable(container.name):
            raise UsageError(
                f"{container.name!r} cannot be the name of a container",
                hint="Use 1 to 63 letters, digits and dashes, without a dash at either end.",
            )
    report(context.hooks.check_build(result, context.host), context)
    return context.hooks.plan_install(result, context.host, installed.read(context.host.gc_roots))


def plan_run(
    request: Request,
    plan: InstallPlan,
    states: Mapping[str, UnitState],
    lacking: Mapping[str, Change] = MappingProxyType({}),
) -> RunPlan:
    """Decide which containers to start, update and restart. Pure.

    ``lacking`` is what running containers have not got of earlier installations, see :mod:`.pending`.
    """
    start, update, restart = [], [], []
    for item in plan.items:
        state = states[item.name]
        change = pending.greater(item.change, lacking.get(item.name, Change.UNCHANGED))
        if state.at_rest or (change is Change.UNCHANGED and not state.up):
            # A start that somebody began is joined.
            if request.start:
                start.append(item.name)
        elif change is Change.UNCHANGED or not (request.start or request.update_changed or request.restart_changed):
            continue
        elif change is Change.SYSTEM and not request.restart_changed and state.up:
            update.append(item.name)
        else:
            restart.append(item.name)
    return RunPlan(start=tuple(start), update=tuple(update), restart=tuple(restart))


def install_and_run(request: Request, plan: InstallPlan, result: BuildResult, context: Context) -> RunState:
    """Install a plan and run it.

    Containers that are to be restarted are stopped before their units are replaced, so that the old unit's own
    clean-up runs. A failure on the way brings the files back, and the containers that ran before. Raises
    :class:`StartInterrupted` on Ctrl-C once everything is installed.
    """
    states = context.host.manager.states([item.name for item in plan.items])
    alive = frozenset(name for name, state in states.items() if not state.at_rest)
    lacking = pending.read(sorted(alive), context.host)
    run_plan = plan_run(request, plan, states, lacking)
    behind = tuple(item.name for item in plan.items if item.change is Change.UNCHANGED and item.name in lacking)
    context.emit(events.InstallPlanned(plan=plan, behind=behind))
    untouched = frozenset(item.name for item in plan.items if not item.container.root.exists())
    context.hooks.before_start(run_plan, context.host)
    kept_running = alive.difference(run_plan.restart)
    undo = _install(plan, run_plan, {name: lacking.get(name, Change.UNCHANGED) for name in kept_running}, context)
    try:
        done, failures = run.run(run_plan, plan, context)
        attempt = rollback.Attempt(plan=plan, run_plan=done, undo=undo, untouched=untouched)
        failures, left = rollback.settle(request, failures, attempt, context)
    except KeyboardInterrupt as interrupt:
        if type(interrupt) is KeyboardInterrupt:
            interrupted = RunState(result=result, plan=plan, done=run_plan)
            message = run.describe_interruption(run_plan, context)
            raise StartInterrupted(interrupted, message) from interrupt
        raise  # the program is asked to end
    finally:
        for step in undo.values():
            step.forget()
    state = RunState(result=result, plan=plan, done=done, failures=failures, left=left)
    try:
        context.hooks.after_run(state, context.host)
    except ExtraContainerError as error:
        if not failures:
            raise
        # The caller tells of the containers that failed, which matters more.
        problem = Problem(message=error.message, hint=error.hint, severity=Severity.WARNING)
        context.emit(events.ProblemFound(problem=problem))
    return state


def _install(
    plan: InstallPlan, run_plan: RunPlan, lacking: Mapping[str, Change], context: Context
) -> dict[str, files.Undo]:
    """Stop what will be restarted and put the files of a plan in place; return the way back of each container.

    ``lacking`` is, for every container that goes on running, what it has not got even before this.
    """
    undo: dict[str, files.Undo] = {}
    changed = tuple(item for item in plan.items if item.change is not Change.UNCHANGED)
    try:
        if run_plan.restart:
            context.emit(events.Restarting(names=run_plan.restart))
            control.shut_down(run_plan.restart, context)
        for item in changed:
            if item.name in lacking:
                pending.write(item.name, pending.greater(item.change, lacking[item.name]), context.host)
        for item in plan.items:
            undo[item.name] = files.install(item.ops)
        if changed or run_plan != RunPlan():
            # Also for what is unchanged: the run that installed it may have been killed before it came to this.
            context.host.manager.reload()
        if changed:
            context.emit(events.ContainersInstalled(names=tuple(item.name for item in changed)))
            report(context.hooks.check_install(plan, context.host), context)
    except BaseException as error:
        try:
            lost = rollback.take_back(undo, run_plan.restart, context)
            for item in changed:
                if item.name in lacking:
                    pending.write(item.name, lacking[item.name], context.host)
        except (OSError, ExtraContainerError) as second:
            if isinstance(error, ExtraContainerError):
                raise type(error)(f"{error.message}\nTaking it back failed: {second}", hint=error.hint) from second
            raise
        for failure in lost:
            message = control.describe(failure, "start again as it was before")
            context.emit(events.ProblemFound(problem=Problem(message=message, severity=Severity.WARNING)))
        raise
    return undo
