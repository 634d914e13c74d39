"""What runs that were killed left on the host, removed by the next run that changes something."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from extra_container.model import events, layout
from extra_container.model.errors import InstallError
from extra_container.model.host import Host
from extra_container.model.values import Problem, Severity
from extra_container.pipeline.context import Context
from extra_container.state import files, installed, pending, record, runtime, unit
from extra_container.state.plans import file as plan_file
from extra_container.state.plans import roots as plan_roots
from extra_container.trees import discarded
from extra_container.trees.removal import remove_tree


def sweep(context: Context) -> None:
    """Remove the temporary links and directories of processes that are dead, and what is remembered of nothing.

    What :func:`sweep_discarded` removes is no part of it.
    The caller holds the machine's lock.

    What cannot be removed is told and does not keep the run from its work.
    """
    host = context.host
    with _warning_of_errors(context):
        runtime.sweep(host.gc_roots, home=host.runtime_directory)
    with _warning_of_errors(context):
        plan_roots.sweep(host, plan_file.identity)
    with _warning_of_errors(context):
        files.sweep(_places(host))
    with _warning_of_errors(context):
        record.sweep(host)
    with _warning_of_errors(context):
        pending.sweep(lambda: installed.names(host.gc_roots), host)
    for place in layout.places_of_data(host.root):
        with _warning_of_errors(context):
            for directory in _aside(place):
                remove_tree(directory)


def find(host: Host) -> tuple[Path, ...]:
    """Return what :func:`sweep` and :func:`sweep_discarded` would remove.

    Raises OSError for a place that cannot be looked into.
    """
    aside = (directory for place in layout.places_of_data(host.root) for directory in _aside(place))
    remembered = (*record.remnants(host), *pending.leftovers(lambda: installed.names(host.gc_roots), host))
    left = (tree.path for tree in discarded_trees(host) if tree.is_left)
    return (*runtime.left(host.runtime_directory), *files.temporary(_places(host)), *remembered, *aside, *left)


def sweep_discarded(context: Context, but: Collection[str] = ()) -> None:
    """Remove trees of containers, ``but`` those of some, that runs which are over have renamed away.

    It may take minutes, and needs no lock. What cannot be removed is told.
    """
    with _warning_of_errors(context):
        left = [tree for tree in discarded_trees(context.host) if tree.is_left and tree.name not in but]
        if not left:
            return
        with context.phase("remove", sorted({tree.name for tree in left})):
            for tree in left:
                with _warning_of_errors(context):
                    discarded.remove_left(tree)


def discarded_trees(host: Host) -> tuple[discarded.Discarded, ...]:
    """Return all trees of containers that were renamed away to be removed. Raises OSError."""
    return tuple(discarded.find(layout.places_of_data(host.root)))


def _places(host: Host) -> tuple[Path, ...]:
    confs = layout.CONF_DIRECTORIES if host.conf_directory is None else (host.conf_directory,)
    return (host.unit_directory, *unit.pulling_directories(host.unit_directory), *confs, host.gc_roots)


def _aside(place: Path) -> list[Path]:
    try:
        return [Path(entry.path) for entry in os.scandir(place) if layout.is_aside(entry.name)]
    except (FileNotFoundError, NotADirectoryError):
        return []


@contextmanager
def _warning_of_errors(context: Context) -> Iterator[None]:
    try:
        yield
    except InstallError as error:
        reason = error.message
    except OSError as error:
        reason = f"{error.filename}: {error.strerror}"
    else:
        return
    message = f"What a killed run left cannot be removed: {reason}"
    context.emit(events.ProblemFound(problem=Problem(message=message, severity=Severity.WARNING)))
