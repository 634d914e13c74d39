"""Putting the files of a plan in place, with a way back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from extra_container.model import events, layout, wording
from extra_container.model.errors import ExtraContainerError, InstallError, UsageError
from extra_container.model.frozen import replace
from extra_container.model.host import UnitChanges, reload_for
from extra_container.model.plans import Change, InstallItem, InstallPlan, RunPlan
from extra_container.model.values import (
    FileOps,
    Installed,
    Link,
    MakeDirectory,
    Problem,
    Remove,
    RemoveTree,
    Severity,
    WriteFile,
)
from extra_container.pipeline import control, rollback
from extra_container.pipeline.context import Context, report
from extra_container.state import files, pending, record
from extra_container.state.record import Links, Transition


def refuse_foreign(plan: InstallPlan, present: Installed, context: Context) -> None:
    """Raise :class:`.UsageError` if something that this program did not install would be replaced.

    A container that somebody else has installed counts wherever its conf stands: both would share its data.
    """
    for item in plan.items:
        ours = present.get(item.name)
        own = set() if ours is None else {ours.unit_link, ours.conf_link, ours.wants_link, *ours.pulling_links}
        places = [op.path for op in item.ops if isinstance(op, Link) and op.path.parent != context.host.gc_roots]
        conf = control.find_conf(item.name) if ours is None else None
        for path in (*places, *([conf] if conf is not None else [])):
            if path not in own and not control.is_ours(path):
                raise UsageError(
                    f"{path} was not installed by extra-container, and the container {item.name} would take its place",
                    hint="Give this container another name, or remove the other one from the host's configuration or "
                    "with `nixos-container destroy`.",
                )


def with_plugins_files(plan: InstallPlan, present: Installed, context: Context) -> InstallPlan:
    """Return a plan with what plugins want beside it of each container, as far as that is not so already.

    Raises :class:`.InstallError` naming a file that cannot be looked at.
    """
    if not context.hooks.has("ec_extra_install"):
        return plan
    items = []
    for item in plan.items:
        old = present.get(item.name)
        wanted = context.hooks.extra_install(item.container, context.host, old, item.ops, context.request)
        try:
            extra = tuple(op for op in wanted if not files.is_done(op))
        except OSError as error:
            raise InstallError(f"{error.filename} cannot be looked at: {error.strerror}") from error
        items.append(replace(item, ops=(*item.ops, *extra), extra=extra))
    return replace(plan, items=tuple(items))


def install(
    plan: InstallPlan,
    run_plan: RunPlan,
    lacking: Mapping[str, Change],
    interrupted: frozenset[str],
    context: Context,
    *,
    unknown: frozenset[str] = frozenset(),
) -> dict[str, files.Undo]:
    """Stop what will be restarted and put the files of a plan in place; return the way back of each container.

    Containers that are to be restarted are stopped before their units are replaced, so that the old unit's own
    clean-up runs. What is changed stands in the records of the containers until the caller ends them. A failure on the
    way brings the files back, and the containers that ran before.

    ``lacking`` is, for every container that goes on running, what it has not got even before this; ``interrupted`` are
    those that ran before a run that was broken off, ``unknown`` those whose unit the manager did not find before.
    """
    undo: dict[str, files.Undo] = {}
    ran, begun = interrupted.union(run_plan.restart), {}
    for item in plan.items:
        if item.ops or item.name in ran:
            begun[item.name] = _transition(item, lacking, ran=item.name in ran)
            record.begin(item.name, begun[item.name], context.host)
    try:
        _put_in_place(plan, run_plan, lacking, undo, context, unknown=unknown)
    except BaseException as error:
        try:
            lost = rollback.take_back(undo, tuple(sorted(ran)), context)
            half = {name for name, was in begun.items() if record.read_links(was.before) != was.before}
            whole = {item.name for item in _changed(plan)}.intersection(lacking).difference(half)
            pending.write({name: lacking[name] for name in sorted(whole)}, context.host)
            # The next run takes back what could not be taken back, and starts what is down.
            unsettled = half.union(failure.name for failure in lost)
            record.end((item.name for item in plan.items if item.name not in unsettled), context.host)
        except (OSError, ExtraContainerError) as second:
            if isinstance(error, ExtraContainerError):
                error.message = f"{error.message}\nTaking it back failed: {second}"
                raise error from second
            raise
        for failure in lost:
            message = wording.failure(failure, "start again as it was before")
            context.emit(events.ProblemFound(problem=Problem(message=message, severity=Severity.WARNING)))
        raise
    return undo


def _put_in_place(
    plan: InstallPlan,
    run_plan: RunPlan,
    lacking: Mapping[str, Change],
    undo: dict[str, files.Undo],
    context: Context,
    *,
    unknown: frozenset[str],
) -> None:
    """Do it, adding the way back of each container to ``undo`` as it comes about."""
    changed = _changed(plan)
    if run_plan.restart:
        if run_plan.start:
            context.emit(events.Starting(names=run_plan.start))  # the bash tool told of them first
        context.emit(events.Restarting(names=run_plan.restart))
        control.shut_down(run_plan.restart, context)
    running = (item for item in changed if item.name in lacking)
    pending.write({item.name: pending.greater(item.change, lacking[item.name]) for item in running}, context.host)
    moved = _moved(plan)
    for item in plan.items:
        undo[item.name] = files.install(item.ops)
    drop_ins = any(item.extra for item in plan.items)  # files of plugins may be some, of units that systemd knows
    if changed or drop_ins or run_plan != RunPlan():
        changes = unit_changes(plan, run_plan, moved, context.host.unit_directory)
        # Of what it did not find it has nothing old in its memory, and the look at the links shows if it finds it.
        names = tuple(name for name in changes.names if name not in unknown)
        changes = replace(changes, names=names, pulling=changes.pulling or drop_ins)
        reload_for(changes, context.host.manager)
    if changed:
        context.emit(events.ContainersInstalled(names=tuple(item.name for item in changed)))
        report(context.hooks.check_install(plan, context.host), context)


def unit_changes(plan: InstallPlan, run_plan: RunPlan, moved: Collection[Path], unit_directory: Path) -> UnitChanges:
    """Return what the manager may not know yet of the units of a plan, whose links ``moved`` lead elsewhere now. Pure.

    What is to start counts also if it is unchanged: the run that installed it may have been killed before the manager
    was told.
    """
    changed = {item.name for item in _changed(plan)}
    fresh = changed.union(run_plan.start, run_plan.restart)
    moved_units = {container for path in moved if (container := _unit_of(path)) is not None}
    pulled = (item.container.auto_start or item.container.pulled_in_by for item in plan.items if item.name in fresh)
    return UnitChanges(
        names=tuple(sorted(moved_units.union(run_plan.start, run_plan.restart))),
        links={name: unit_directory / layout.unit_name(name) for name in sorted(fresh.union(run_plan.update))},
        pulling=any(pulled) or any(map(layout.pulls, moved)),
    )


def _unit_of(path: Path) -> str | None:
    return None if layout.pulls(path) else layout.container_of_unit(path.name)


def _moved(plan: InstallPlan) -> set[Path]:
    """Return the links that a plan makes lead elsewhere than they do at this moment, or removes."""
    after = {path: target for item in plan.items for path, target in _links(item.ops).items()}
    before = record.read_links(after)
    return {path for path, target in after.items() if before[path] != target}


def _changed(plan: InstallPlan) -> tuple[InstallItem, ...]:
    return tuple(item for item in plan.items if item.change is not Change.UNCHANGED)


def _transition(item: InstallItem, lacking: Mapping[str, Change], *, ran: bool) -> Transition:
    after = _links(item.ops)
    return Transition(
        before=record.read_links(after), after=after, ran=ran, lacking=lacking.get(item.name, Change.UNCHANGED)
    )


def _links(ops: FileOps) -> Links:
    """Return where links lead once the operations are applied."""
    links: dict[Path, Path | None] = {}
    for op in ops:
        match op:
            case Link(path=path, target=target):
                links[path] = target
            case Remove(path=path):
                links[path] = None
            case MakeDirectory() | RemoveTree() | WriteFile():
                continue
    return links
