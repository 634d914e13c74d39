"""The pipeline: build, plan, install, run. Its reverse is in :mod:`.destroy`.

``plan_*`` functions are pure and decide; everything else acts and decides nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING

from extra_container.journals import kept
from extra_container.model import events, wording
from extra_container.model.errors import ExtraContainerError, Interrupted, UsageError
from extra_container.model.frozen import dataclass, field, replace
from extra_container.model.host import Host, UnitState, glance
from extra_container.model.plans import Change, InstallItem, InstallPlan, RunPlan, RunState
from extra_container.model.values import BuildResult, Installed, Request
from extra_container.pipeline import build, control, inside, install, recovery, rollback, run, state_directories
from extra_container.pipeline.context import Context, report
from extra_container.pipeline.history import generations
from extra_container.pipeline.history.origins import come_from, remembered
from extra_container.pipeline.plan import Round, plan_nothing, plan_rounds, plan_run
from extra_container.pipeline.removal import discarding
from extra_container.state import installed, names, pending, record

if TYPE_CHECKING:
    from extra_container.generations.values import Generation
    from extra_container.provenance.values import Provenance


class StartInterrupted(Interrupted):
    """Ctrl-C while containers started: they are installed and go on booting. ``state`` knows of no failures yet."""

    def __init__(self, state: RunState, message: str = "") -> None:
        super().__init__(message)
        self.state = state


def create(request: Request, context: Context, keep: ExitStack | None = None) -> RunState:
    """Build a definition, install its containers and start, update or restart them as the request says.

    ``keep`` receives what must live as long as the caller needs the build. Raises :class:`.ExtraContainerError`; a
    container that failed to start is taken back out, so that the host is as before, unless ``request.keep_failed``.
    """
    with ExitStack() as stack:
        return create_built(request, build.build(request, context, keep or stack), context)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The host before anything changes.

    ``lacking`` is what running containers have not got of earlier installations, ``untouched`` are the containers
    without data of their own.
    """

    states: Mapping[str, UnitState]
    lacking: Mapping[str, Change]
    untouched: frozenset[str]

    @property
    def alive(self) -> frozenset[str]:
        """The containers that run, boot or shut down."""
        return frozenset(name for name, state in self.states.items() if not state.at_rest)

    @property
    def unknown(self) -> frozenset[str]:
        """The containers whose unit the manager does not find."""
        return frozenset(name for name, state in self.states.items() if not state.loaded)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """All that decides what a run does, before it changes anything.

    ``present`` are the installed containers, ``interrupted`` those of the build that ran before a run that was broken
    off, ``selected`` the generations that containers of the build are.
    """

    request: Request
    result: BuildResult
    plan: InstallPlan
    present: Installed
    seen: Seen
    interrupted: frozenset[str] = frozenset()
    selected: Mapping[str, Generation] = field(default_factory=lambda: MappingProxyType({}))


def create_built(
    request: Request,
    result: BuildResult,
    context: Context,
    check: Callable[[Outlook], None] | None = None,
    selected: Mapping[str, Generation] = MappingProxyType({}),
    *,
    pruned: Collection[str] = (),
) -> RunState:
    """Do what :func:`create` does with a build that is there already.

    ``check`` is called when it is known what is to be done and nothing has changed, and may raise an error. Containers
    that are ``selected`` become a generation that they had before; the others get a new one. ``pruned`` are the
    containers that somebody agreed to destroy, see :mod:`.prune`: they are if all that was asked was done.
    """
    context = replace(context, request=request)
    with discarding.machine_lock(request.command, context):
        state = create_locked(request, result, context, check, selected)
        if state.failures:
            from extra_container.pipeline.history import rescue

            state = rescue.rescue(state, request, context, create_locked)
        if pruned:
            from extra_container.pipeline.history import prune

            prune.prune_after(state, pruned, request, context)
        return state


def create_locked(
    request: Request,
    result: BuildResult,
    context: Context,
    check: Callable[[Outlook], None] | None = None,
    selected: Mapping[str, Generation] = MappingProxyType({}),
) -> RunState:
    """Do what :func:`create_built` does; the caller holds the lock."""
    context = replace(context, request=request)
    changed = frozenset(container.name for container in result.containers)
    interrupted = recovery.recover(context, changed)
    outlook = replace(look(request, result, context, interrupted), selected=selected)
    if check is not None:
        check(outlook)
    kept.forget(changed, context.host.state_directory)
    return _install_and_run(outlook, context)


def look(
    request: Request,
    result: BuildResult,
    context: Context,
    interrupted: frozenset[str] = frozenset(),
    *,
    present: Installed | None = None,
    lacking: Callable[[Iterable[str], Host], Mapping[str, Change]] = pending.read,
) -> Outlook:
    """Look at the host and decide what of a build to install.

    ``present`` are the installed containers where somebody knows better than the host, ``lacking`` is what reads the
    records of those that are behind. Raises :class:`.ExtraContainerError` for a build that this host cannot run, or
    that would replace somebody else's.
    """
    present = installed.read(context.host.gc_roots) if present is None else present
    plan = _plan_install(request, result, present, context)
    return Outlook(
        request=request,
        result=result,
        plan=plan,
        present=present,
        seen=_observe(plan, context, lacking),
        interrupted=interrupted,
    )


def _plan_install(request: Request, result: BuildResult, present: Installed, context: Context) -> InstallPlan:
    for container in result.containers:
        if not names.creatable(container.name):
            raise UsageError(
                f"{container.name!r} cannot be the name of a container",
                hint="Use 1 to 63 letters, digits and dashes, without a dash at either end.",
            )
    report(context.hooks.check_build(result, context.host, request), context)
    plan = context.hooks.plan_install(result, context.host, present, request)
    install.refuse_foreign(plan, present, context)
    return install.with_plugins_files(plan, present, context)


def _install_and_run(outlook: Outlook, context: Context) -> RunState:
    """Install a plan and run it. Raises :class:`StartInterrupted` on Ctrl-C once everything is installed."""
    request, plan, seen = outlook.request, outlook.plan, outlook.seen
    run_plan = plan_run(request, plan, seen.states, seen.lacking, outlook.interrupted)
    _tell(plan, seen, context)
    if at_rest := plan_nothing(request, plan, seen.states):
        context.emit(events.NothingToUpdate(names=at_rest))
    control.require_room(len(run_plan.start), context)
    state_directories.close_to_others(plan, context)
    run.ask_plugins(run_plan, plan, context)
    state = RunState(result=outlook.result, plan=plan, done=RunPlan())
    origins = come_from(request, outlook.result, outlook.present, context, outlook.selected)
    with remembered(origins, context):
        for one in plan_rounds(plan, run_plan):
            with _telling_of(state):
                state = _run_round(one, state, outlook, origins, context)
    run.finish(state, context)
    return state


@contextmanager
def _telling_of(before: RunState) -> Iterator[None]:
    """Let an error in the block, or a Ctrl-C, tell what the rounds before it did: that stays."""
    done = wording.done(before.done, {failure.name for failure in before.failures})
    try:
        yield
    except ExtraContainerError as error:
        error.message = "\n".join([*run.failure_lines(before), error.message])
        error.hint = "\n".join(filter(None, (error.hint, run.aftermath(before), done))) or None
        raise
    except KeyboardInterrupt as interrupt:
        if type(interrupt) is KeyboardInterrupt and done:
            raise Interrupted(done) from interrupt
        raise


def _run_round(
    one: Round, before: RunState, given: Outlook, origins: Mapping[str, Provenance], context: Context
) -> RunState:
    """Install and run the containers of one round; return what came of it and of those before it."""
    seen, names = given.seen, {item.name for item in one.plan.items}
    plan = generations.numbered(one.plan, given.present, given.selected, origins, context)
    interrupted = given.interrupted & names
    kept = {
        name: seen.lacking.get(name, Change.UNCHANGED) for name in (seen.alive & names).difference(one.run_plan.restart)
    }
    began = time.monotonic()
    with context.phase("install", sorted(names)):
        try:
            undo = install.install(plan, one.run_plan, kept, interrupted, context, unknown=seen.unknown)
        except BaseException:
            generations.give_up(plan, context)
            raise
    try:
        done, failures = run.run(one.run_plan, one.plan, context)
        failures = run.verify(done, failures, one.plan, began, context)
        rollback.keep_journals(one.plan, failures, context)
        attempt = rollback.Attempt(
            plan=one.plan, run_plan=done, undo=undo, untouched=seen.untouched, interrupted=interrupted
        )
        failures, left = rollback.take_back_failed(given.request, failures, attempt, context)
        for name, fate in left.items():
            context.emit(events.ContainerLeft(name=name, left=fate))
        generations.settle(plan, done, failures, left, context)
        record.end((name for name in names if left.get(name) not in rollback.UNSETTLED), context.host)
    except KeyboardInterrupt as interrupt:
        _keep_records(one.plan, one.run_plan, interrupted, context)
        if type(interrupt) not in {KeyboardInterrupt, Interrupted}:
            raise  # the program is asked to end
        state = replace(before, done=before.done.joined(one.run_plan))
        raise StartInterrupted(state, run.describe_interruption(one.run_plan, context, one.later)) from interrupt
    finally:
        for step in undo.values():
            step.forget()
    return replace(
        before,
        done=before.done.joined(done),
        failures=(*before.failures, *failures),
        left={**before.left, **left},
    )


def _observe(
    plan: InstallPlan, context: Context, lacking: Callable[[Iterable[str], Host], Mapping[str, Change]]
) -> Seen:
    names, manager = [item.name for item in plan.items], context.host.manager
    is_new = any(item.change is not Change.UNCHANGED for item in plan.items)
    states = manager.states(names) if is_new else glance(names, manager)
    alive = sorted(name for name, state in states.items() if not state.at_rest)
    return Seen(
        states=states,
        lacking=lacking(alive, context.host),
        untouched=frozenset(item.name for item in plan.items if not item.container.root.exists()),
    )


def _tell(plan: InstallPlan, seen: Seen, context: Context) -> None:
    behind = [item for item in plan.items if item.change is Change.UNCHANGED and item.name in seen.lacking]
    unfinished = _unfinished([item for item in behind if seen.lacking[item.name] is Change.SYSTEM], context)
    context.emit(events.InstallPlanned(plan=plan, behind=tuple(item.name for item in behind), unfinished=unfinished))


def _unfinished(behind: Iterable[InstallItem], context: Context) -> tuple[str, ...]:
    """Return those in which what is installed runs already, although its update did not succeed."""
    systems = {item.name: item.container.settings["SYSTEM_PATH"] for item in behind}
    running = inside.leaders(tuple(systems), context.host).items()
    return tuple(name for name, init in running if inside.runs_system(init.pid, systems[name]))


def _keep_records(plan: InstallPlan, run_plan: RunPlan, interrupted: frozenset[str], context: Context) -> None:
    """Keep in mind what ran before and may be starting anew: nobody waits for it to come up."""
    record.end(sorted({item.name for item in plan.items}.difference(interrupted, run_plan.restart)), context.host)
