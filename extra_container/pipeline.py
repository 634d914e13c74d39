"""The pipeline: build, plan, install, run. Its reverse is in :mod:`extra_container.destruction`.

``plan_*`` functions are pure and decide; everything else acts and decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from extra_container import building, control, destruction, events, files, installed, lock, names, running
from extra_container.context import Context, report
from extra_container.errors import UsageError
from extra_container.host import UnitState
from extra_container.model import BuildResult, Request
from extra_container.plans import Change, Failure, InstallPlan, RunPlan, RunState


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    """An installation that can still be taken back; ``untouched`` had no data of their own before."""

    plan: InstallPlan
    run_plan: RunPlan
    undo: Mapping[str, files.Undo]
    untouched: frozenset[str]


class StartInterrupted(KeyboardInterrupt):
    """Ctrl-C while containers started: they are installed and go on booting. ``state`` knows of no failures yet."""

    def __init__(self, state: RunState) -> None:
        super().__init__()
        self.state = state


def create(request: Request, context: Context, keep: ExitStack | None = None) -> RunState:
    """Build a definition, install its containers and start, update or restart them as the request says.

    ``keep`` receives what must live as long as the caller needs the build. Raises
    :class:`~extra_container.errors.ExtraContainerError`; a container that failed to start is taken back out, so that
    the host is as before, unless ``request.keep_failed``.
    """
    with ExitStack() as stack:
        return create_built(request, building.build(request, context, keep or stack), context)


def create_built(request: Request, result: BuildResult, context: Context) -> RunState:
    """Do what :func:`create` does with a build that is there already."""
    with lock.machine_lock(request.command, context.emit):
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


def plan_run(request: Request, plan: InstallPlan, states: Mapping[str, UnitState]) -> RunPlan:
    """Decide which containers to start, update and restart. Pure."""
    start, update, restart = [], [], []
    for item in plan.items:
        running = not states[item.name].at_rest
        if not running:
            if request.start:
                start.append(item.name)
        elif item.change is Change.UNCHANGED or not (
            request.start or request.update_changed or request.restart_changed
        ):
            continue
        elif item.change is Change.SYSTEM and not request.restart_changed and states[item.name].up:
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
    run_plan = plan_run(request, plan, states)
    context.emit(events.InstallPlanned(plan=plan))
    untouched = frozenset(item.name for item in plan.items if not item.container.root.exists())
    context.hooks.before_start(run_plan, context.host)
    undo = _install(plan, run_plan, context)
    attempt = _Attempt(plan=plan, run_plan=run_plan, undo=undo, untouched=untouched)
    try:
        failures = running.run(run_plan, plan, context)
        if failures and not request.keep_failed:
            _take_back_failed(failures, attempt, context)
    except KeyboardInterrupt as interrupt:
        if type(interrupt) is KeyboardInterrupt:
            raise StartInterrupted(RunState(result=result, plan=plan, done=run_plan)) from interrupt
        raise  # the program is asked to end
    finally:
        for step in undo.values():
            step.forget()
    state = RunState(result=result, plan=plan, done=run_plan, failures=failures)
    context.hooks.after_run(state, context.host)
    return state


def _install(plan: InstallPlan, run_plan: RunPlan, context: Context) -> dict[str, files.Undo]:
    """Stop what will be restarted and put the files of a plan in place; return the way back of each container."""
    undo: dict[str, files.Undo] = {}
    try:
        if run_plan.restart:
            context.emit(events.Restarting(names=run_plan.restart))
            control.stop(run_plan.restart, context)
        for item in plan.items:
            undo[item.name] = files.install(item.ops)
        changed = tuple(item.name for item in plan.items if item.change is not Change.UNCHANGED)
        if changed:
            context.host.manager.reload()
            context.emit(events.ContainersInstalled(names=changed))
            report(context.hooks.check_install(plan, context.host), context)
    except BaseException:
        _take_back(undo, run_plan.restart, context)
        raise
    return undo


def _take_back(undo: Mapping[str, files.Undo], ran: tuple[str, ...], context: Context) -> None:
    for step in undo.values():
        step.roll_back()
    if undo:
        context.host.manager.reload()
    if ran:
        context.host.manager.start(ran)


def _take_back_failed(failures: tuple[Failure, ...], attempt: _Attempt, context: Context) -> None:
    """Make the host as it was before for the containers that did not start.

    Those whose update failed stay: they run, with what the switch left of the new system.
    """
    failed = {failure.name for failure in failures} - set(attempt.run_plan.update)
    new = {item.name for item in attempt.plan.items if item.change is Change.NEW} & attempt.untouched & failed
    if new:
        destruction.remove(tuple(sorted(new)), installed.read(context.host.gc_roots), context)
    changed = tuple(sorted(failed - new))
    if not changed:
        return
    # The manager may be about to try again; it must not find the old files under a new container.
    control.kill(changed, context)
    context.host.manager.forget(changed)
    ran = tuple(name for name in changed if name in attempt.run_plan.restart)
    _take_back({name: attempt.undo[name] for name in changed}, ran, context)
