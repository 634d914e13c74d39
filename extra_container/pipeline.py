"""The pipeline: define, build, plan, install, run; and its reverse, destroy.

``plan_*`` functions are pure and decide; everything else acts and decides nothing.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from extra_container import build_output, containers, control, events, files, installed, lock, names, nix
from extra_container.context import Context, report
from extra_container.errors import UsageError
from extra_container.model import (
    Base,
    BaseKind,
    BuildResult,
    BuiltSource,
    Change,
    Definition,
    Failure,
    Installed,
    InstallPlan,
    Request,
    RunPlan,
    RunState,
    UnitState,
)


def create(request: Request, context: Context, keep: ExitStack | None = None) -> RunState:
    """Build a definition, install its containers and start, update or restart them as the request says.

    ``keep`` receives what must live as long as the caller needs the build. Raises
    :class:`~extra_container.errors.ExtraContainerError`; a container that failed to start is taken back out, so that
    the host is as before, unless ``request.keep_failed``.
    """
    with ExitStack() as stack:
        result = build(request, context, keep or stack)
        stack.enter_context(lock.machine_lock(request.command, context.emit))
        plan = plan_install(result, context)
        return install_and_run(request, plan, result, context)


def build(request: Request, context: Context, stack: ExitStack) -> BuildResult:
    """Return the containers of a request's definition, built unless it is a finished build.

    The build is safe from garbage collection until ``stack`` is closed.
    """
    definition = define(request, context)
    if isinstance(definition.source, BuiltSource):
        result = build_output.read(definition.source.path)
        context.emit(events.BuildFinished(path=str(result.path), containers=_names(result)))
        return result
    began = time.monotonic()
    context.emit(events.BuildStarted())
    directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="extra-container-"))
    result = build_output.read(nix.build(definition, Path(directory, "result"), context.runner, context.tell))
    seconds = time.monotonic() - began
    context.emit(events.BuildFinished(path=str(result.path), containers=_names(result), seconds=seconds))
    return result


def define(request: Request, context: Context) -> Definition:
    """Check a request and gather what its evaluation needs."""
    report(context.hooks.check_request(request, context.host), context, UsageError)
    if isinstance(request.source, BuiltSource):
        return Definition(source=request.source)
    context.hooks.before_build(request, context.host)
    return Definition(
        source=request.source,
        attr_path=request.attr_path,
        base=_choose_base(request.base, context),
        build_args=request.build_args,
        inputs=context.hooks.build_inputs(request, context.host),
    )


def defined_names(request: Request, context: Context) -> tuple[str, ...]:
    """Return the names of a request's containers, sorted, without building them."""
    definition = define(request, context)
    if isinstance(definition.source, BuiltSource):
        return _names(build_output.read(definition.source.path))
    return nix.container_names(definition, context.runner, context.tell)


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
    clean-up runs. A failure on the way brings the files back, and the containers that ran before.
    """
    manager = context.host.manager
    context.emit(events.InstallPlanned(plan=plan))
    run_plan = plan_run(request, plan, manager.states([item.name for item in plan.items]))
    if run_plan.restart:
        context.emit(events.Restarting(names=run_plan.restart))
        control.stop(run_plan.restart, context)
    undo = {}
    try:
        for item in plan.items:
            undo[item.name] = files.install(item.ops)
        changed = tuple(item.name for item in plan.items if item.change is not Change.UNCHANGED)
        if changed:
            manager.reload()
            context.emit(events.ContainersInstalled(names=changed))
            report(context.hooks.check_install(plan, context.host), context)
    except BaseException:
        _take_back(undo, run_plan.restart, context)
        raise
    context.hooks.before_start(run_plan, context.host)
    failures = run(run_plan, plan, context)
    if failures and not request.keep_failed:
        failed = {failure.name for failure in failures}
        kept = set(run_plan.update)  # they still run, with what the switch left of the new system
        back = {name: step for name, step in undo.items() if name in failed - kept}
        _take_back(back, tuple(name for name in run_plan.restart if name in failed), context)
    for step in undo.values():
        step.forget()
    state = RunState(result=result, plan=plan, done=run_plan, failures=failures)
    context.hooks.after_run(state, context.host)
    return state


def run(run_plan: RunPlan, plan: InstallPlan, context: Context) -> tuple[Failure, ...]:
    """Update, start and restart as planned; return what failed."""
    failures: list[Failure] = []
    restart = list(run_plan.restart)
    if run_plan.start:
        context.emit(events.Starting(names=run_plan.start))
    failures += context.host.manager.start([*run_plan.start, *restart]) if run_plan.start or restart else ()
    if run_plan.update:
        context.emit(events.Updating(names=run_plan.update))
        again, failed = _update(run_plan.update, plan, context)
        failures += failed
        if again:
            context.emit(events.Restarting(names=again))
            control.stop(again, context)
            failures += context.host.manager.start(again)
    for failure in failures:
        context.emit(events.ContainerFailed(failure=failure))
    return tuple(failures)


def aftermath(state: RunState, request: Request) -> str:
    """Return what became of the containers that failed. Pure."""
    failed = {failure.name for failure in state.failures}
    if failed & set(state.done.update):
        return "It still runs; look at it with `extra-container root-login NAME`, or restart it."
    if request.keep_failed:
        return "It stays installed; `extra-container destroy NAME` removes it."
    return "The host is as before; --keep-failed leaves it installed, to look at it."


def destroy(wanted: tuple[str, ...], context: Context, command: str = "destroy") -> tuple[str, ...]:
    """Stop the installed containers among ``wanted`` and remove all that is theirs; return their names.

    Raises :class:`~extra_container.errors.UsageError` for a container that somebody else declared, before anything
    is changed.
    """
    names.check_known(wanted)
    with lock.machine_lock(command, context.emit):
        present = installed.read(context.host.gc_roots)
        _refuse_foreign(wanted, present)
        doomed = tuple(name for name in wanted if name in present)
        if not doomed:
            return ()
        ops = context.hooks.plan_destroy(doomed, context.host, present)
        # Data that is bound in from outside survives, so what writes there may finish.
        gently = tuple(name for name in doomed if "--bind=" in present[name].settings.get("EXTRA_NSPAWN_FLAGS", ""))
        if gently:
            control.stop(gently, context)
        abruptly = tuple(name for name in doomed if name not in gently)
        if abruptly:
            control.kill(abruptly, context)
        files.remove(ops, context.runner)
        context.host.manager.reload()
        context.host.manager.forget(doomed)
    context.emit(events.ContainersDestroyed(names=doomed))
    return doomed


def _choose_base(base: Base, context: Context) -> Base:
    if base.kind is BaseKind.DEFAULT and not nix.has_nixpkgs(context.runner):
        context.emit(events.HostBaseChosen())
        return replace(base, kind=BaseKind.HOST)
    return base


def _names(result: BuildResult) -> tuple[str, ...]:
    return tuple(container.name for container in result.containers)


def _take_back(undo: Mapping[str, files.Undo], ran: tuple[str, ...], context: Context) -> None:
    for step in undo.values():
        step.roll_back()
    if undo:
        context.host.manager.reload()
        context.host.manager.forget(tuple(undo))
    if ran:
        context.host.manager.start(ran)


def _update(
    wanted: tuple[str, ...], plan: InstallPlan, context: Context
) -> tuple[tuple[str, ...], tuple[Failure, ...]]:
    settings = {item.name: item.container.settings for item in plan.items}
    leaders = {name: context.host.manager.leader(name) for name in wanted}
    failures = [
        Failure(name=name, message="it ended while it was to be updated") for name in wanted if leaders[name] is None
    ]
    again = []
    running = [(name, leader) for name, leader in leaders.items() if leader is not None]
    with ThreadPoolExecutor(max_workers=max(len(running), 1)) as pool:
        switches = pool.map(
            lambda pair: containers.update(pair[0], pair[1], settings[pair[0]], context.runner), running
        )
        for switch in switches:
            context.emit(events.ContainerUpdated(name=switch.name, code=switch.code, output=switch.output))
            if switch.code == containers.SWITCH_NEEDS_RESTART:
                again.append(switch.name)
            elif switch.code != 0:
                message = f"switch-to-configuration ended with code {switch.code}"
                failures.append(Failure(name=switch.name, message=message))
    return tuple(again), tuple(failures)


def _refuse_foreign(wanted: tuple[str, ...], present: Installed) -> None:
    for name in wanted:
        if name not in present and control.find_conf(name) is not None:
            raise UsageError(
                f"The container {name} was not installed by extra-container",
                hint="Remove it from the host's configuration, or with `nixos-container destroy`.",
            )
