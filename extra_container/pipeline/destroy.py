"""Removing containers and all that is theirs."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

from extra_container.generations import places
from extra_container.model import events, layout, wording
from extra_container.model.errors import ContainerError, ExtraContainerError, UsageError
from extra_container.model.frozen import replace
from extra_container.model.host import UnitChanges, reload_for
from extra_container.model.plain import one_line
from extra_container.model.plans import Failure
from extra_container.model.values import FileOps, Installed, InstalledContainer, RemoveTree, Request
from extra_container.pipeline import control, inside, leftovers, recovery
from extra_container.pipeline.context import Context
from extra_container.pipeline.removal import discarding
from extra_container.pipeline.removal.together import Heed, together
from extra_container.provenance import records
from extra_container.state import files, installed, lock, names, pending, record


def destroy(
    wanted: tuple[str, ...],
    context: Context,
    command: str = "destroy",
    request: Request | None = None,
    *,
    keep_data: bool = False,
) -> tuple[str, ...]:
    """Stop the containers among ``wanted`` that this program installed and remove all that is theirs.

    What they kept is removed after the machine's lock was released: others may change the machine by then, and make
    containers of the same names.

    With ``keep_data``, the directories stay that they keep things in. What a removal or an installation that was broken
    off left of one counts as a container, too. Returns the names of those that were removed. ``request`` is what names
    them, for plugins. Raises :class:`.UsageError` for a container that somebody else declared, before anything is
    changed, and what :func:`remove` raises.
    """
    names.check_known(wanted)
    context = replace(context, request=request)
    emptied = () if keep_data else wanted
    leftovers.sweep_discarded(context, but=emptied)
    left = discarding.left_of(emptied, context)
    done: tuple[str, ...] = ()
    errors: list[ExtraContainerError] = []
    try:
        with lock.machine_lock(command, context.emit, context.host.runtime_directory):
            leftovers.sweep(context)
            done = destroy_locked(wanted, context, keep_data=keep_data)
    except ExtraContainerError as error:
        errors = [error]
    _raise_together(errors + discarding.remove(context, emptied))
    return tuple(name for name in wanted if name in {*done, *left})


def destroy_locked(wanted: tuple[str, ...], context: Context, *, keep_data: bool = False) -> tuple[str, ...]:
    """Do what :func:`destroy` does; the caller holds the lock, and the context has the request."""
    recovery.recover(context, frozenset(wanted))
    present = installed.read_traces(context.host)
    _refuse_foreign(wanted, present, context)
    targets = tuple(name for name in wanted if name in present)
    # All that can be left of the others is what systemd remembers of a failed run.
    context.host.manager.forget(tuple(name for name in wanted if name not in present))
    with suppress(OSError):  # the next change does it
        records.prune(context.host)
    if targets:
        removals, refusals = _plan(targets, present, context, keep_data=keep_data)
        ran = _ask_plugins(tuple(removals), present, context)
        with control.explained(lambda: wording.removal(targets)), context.phase("destroy", targets):
            _stop_gently(removals, present, context, keep_data=keep_data)
            gone, errors = _carry_out(removals, context, ran)
        if gone:
            context.emit(events.ContainersDestroyed(names=gone))
            context.hooks.after_destroy(gone, context.host, context.runner, context.request)
        _raise_together(refusals + errors)
    return targets


def refuse_files(wanted: Iterable[str], context: Context) -> None:
    """Raise :class:`.UsageError` for the first word that names no container, but a file.

    Whoever typed ``web.nix`` meant the definition, and would take it for destroyed.
    """
    present = installed.trace_names(context.host)
    for word in wanted:
        is_container = names.known(word) and (word in present or control.exists(word, context))
        if not is_container and Path(word).is_file():
            definition = shlex.quote(f"./{one_line(word)}")
            raise UsageError(
                f"No container is called {one_line(word)}, but a file is",
                hint=f"To destroy the containers that it defines: extra-container destroy {definition}",
            )


def all_names(context: Context) -> tuple[str, ...]:
    """Return the names of all containers that :func:`destroy` would remove, sorted."""
    present = installed.read_traces(context.host)
    return tuple(sorted(name for name, trace in present.items() if not _is_somebody_elses(trace, context)))


def remove(targets: tuple[str, ...], present: Installed, context: Context) -> None:
    """End containers at once and remove all that is theirs; the caller holds the lock.

    One whose directory must not be removed is left alone. One that cannot be removed does not keep the others: the
    :class:`.ExtraContainerError` that is raised in the end tells of all.
    """
    removals, refusals = _plan(targets, present, context)
    _, errors = _carry_out(removals, context)
    _raise_together(refusals + errors)


def _plan(
    targets: tuple[str, ...], present: Installed, context: Context, *, keep_data: bool = False
) -> tuple[Mapping[str, FileOps], list[ExtraContainerError]]:
    """Return what to remove of each container that can be removed, and why others cannot; changes nothing."""
    removals: dict[str, FileOps] = {}
    refusals: list[ExtraContainerError] = []
    for name in targets:
        plugins = context.hooks.plan_destroy((name,), context.host, present, context.request)
        if keep_data:
            plugins = _without_data(plugins, present[name])
        ops = (*places.removal(name, context.host), *plugins)
        try:
            files.check_removal(ops)
        except ExtraContainerError as error:
            refusals.append(error)
            _note(name, error, context)
        else:
            removals[name] = ops
    return removals, refusals


def _ask_plugins(wanted: tuple[str, ...], present: Installed, context: Context) -> tuple[str, ...]:
    """Let plugins act before anything is stopped or removed; return what they want to know the end of."""
    if wanted:
        context.hooks.before_destroy(wanted, context.host, present, context.runner, context.request)
    return control.ask_before_stop(wanted, context)


def _without_data(ops: FileOps, container: InstalledContainer) -> FileOps:
    """Return what is to be removed apart from the directories that a container keeps things in. Pure."""
    kept = {container.root, *(directory / container.name for directory in layout.PER_CONTAINER)}
    return tuple(op for op in ops if not (isinstance(op, RemoveTree) and op.path in kept))


def _stop_gently(wanted: Iterable[str], present: Installed, context: Context, *, keep_data: bool) -> None:
    """Stop containers that write to what stays, in directories from outside or in their own: they may finish that."""
    gently = tuple(
        name for name in wanted if keep_data or "--bind=" in present[name].settings.get("EXTRA_NSPAWN_FLAGS", "")
    )
    if gently:
        # Those that do not stop are killed next, and named if that is in vain as well.
        with inside.emptied(gently, context.host):
            context.host.manager.stop(gently)


def _carry_out(
    removals: Mapping[str, FileOps], context: Context, ran: tuple[str, ...] = ()
) -> tuple[tuple[str, ...], list[ExtraContainerError]]:
    """Return the names of the containers that are gone, and what kept the others; plugins hear of those that ran."""
    gone: list[str] = []
    errors: list[ExtraContainerError] = []
    wanted = tuple(removals)
    pulling = any(op.path.is_symlink() for ops in removals.values() for op in ops if layout.pulls(op.path))
    try:
        with inside.emptied(wanted, context.host):
            remaining = context.host.manager.kill(wanted)
        errors += [ContainerError(wording.failure(failure, "end")) for failure in remaining]
        context.note_outcome("containers.stopped", (), remaining)
        if ran:
            context.hooks.after_stop(ran, remaining, context.host, context.runner, context.request)
        running = {failure.name for failure in remaining}
        ended = {name: ops for name, ops in removals.items() if name not in running}
        outcome = together({name: partial(_kept_by, name, ops, context) for name, ops in ended.items()})
        gone = [name for name, error in outcome.items() if error is None]
        for name, error in outcome.items():
            if error is not None:
                errors.append(error)
                _note(name, error, context)
    except KeyboardInterrupt:
        # A unit that was killed counts as failed once its own clean-up is over, which is to be forgotten, too.
        context.host.manager.kill(wanted)
        raise
    finally:
        with suppress(OSError):  # the next change does it
            records.prune(context.host)
        if wanted:
            try:
                context.host.manager.forget(wanted)
            finally:
                reload_for(UnitChanges(names=wanted, links={}, pulling=pulling), context.host.manager)
    return tuple(gone), errors


def _note(name: str, error: ExtraContainerError, context: Context) -> None:
    """Tell who follows each step why a container is still there."""
    context.note_outcome("containers.stopped", (), (Failure(name=name, message=error.message),))


def _kept_by(name: str, ops: FileOps, context: Context, heed: Heed) -> ExtraContainerError | None:
    """Remove what is a container's; return what is in the way."""
    try:
        # First of all: what is remembered must not bring back what is gone.
        pending.forget((name,), context.host)
        record.end((name,), context.host)
        discarding.discard(name, ops, context.host)
        files.remove(ops, heed)
    except ExtraContainerError as error:
        return error
    return None


def _raise_together(errors: list[ExtraContainerError]) -> None:
    """Raise one error that tells of all; its kind is the first one's."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        lines = [f"{error.message} ({error.hint})" if error.hint else error.message for error in errors]
        raise type(errors[0])("\n".join(lines))


def _refuse_foreign(wanted: tuple[str, ...], present: Installed, context: Context) -> None:
    for name in wanted:
        ours = present.get(name)
        found = control.find_conf(name) is not None if ours is None else _is_somebody_elses(ours, context)
        if found:
            raise UsageError(
                f"The container {name} was not installed by extra-container",
                hint="Remove it from the host's configuration, or with `nixos-container destroy`.",
            )


def _is_somebody_elses(trace: InstalledContainer, context: Context) -> bool:
    """Whether a container of somebody else has taken the place of one of ours whose unit link is gone."""
    if trace.unit_link.is_symlink():
        return False
    if trace.conf_link.exists() and not trace.conf_link.is_symlink():
        return True  # nixos-container's confs are files
    used = context.host.manager.states([trace.name])[trace.name].fragment
    if used is None or used.name != trace.unit_link.name:
        return False
    return used.parent.resolve() != trace.unit_link.parent.resolve()
