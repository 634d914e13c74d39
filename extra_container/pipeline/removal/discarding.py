"""What containers kept, renamed away under the machine's lock and removed after it.

So a container with millions of files keeps no other run waiting, and its name is free at once. What a run that is
killed leaves of it, :mod:`.leftovers` removes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from extra_container.model import events, layout, wording
from extra_container.model.errors import ExtraContainerError, InstallError
from extra_container.model.values import FileOps, Problem, RemoveTree, Severity
from extra_container.pipeline import control, leftovers
from extra_container.state import lock
from extra_container.trees import discarded
from extra_container.trees.removal import remove_tree

if TYPE_CHECKING:
    from pathlib import Path

    from extra_container.model.host import Host
    from extra_container.pipeline.context import Context
    from extra_container.pipeline.removal.together import Heed


def discard(name: str, ops: FileOps, host: Host) -> None:
    """Rename away what a container keeps things in, as far as that is to be removed and can be renamed.

    The rest is left to :func:`.files.remove`, which finds nothing where something was renamed. Only what stands where
    :func:`.leftovers.sweep_discarded` looks is renamed. Raises :class:`.InstallError` for what must not be removed.
    """
    places = frozenset(layout.places_of_data(host.root))
    for op in ops:
        if isinstance(op, RemoveTree) and op.path.parent in places:
            discarded.discard(op.path, name)


def put_away(path: Path, name: str, host: Host) -> None:
    """Let a directory of the container ``name`` be gone: renamed away or, where that is impossible, removed.

    What is renamed is removed when the block of :func:`machine_lock` is over. Raises :class:`.InstallError`.
    """
    if path.parent in layout.places_of_data(host.root):
        discarded.discard(path, name)
    remove_tree(path)


@contextmanager
def machine_lock(command: str, context: Context) -> Iterator[None]:
    """Hold the machine's lock when what killed runs left was removed, which makes room on the disk.

    What the block renamed away is removed after it, also if it raises an error; what an interruption leaves of that,
    the next run removes. What cannot be removed is told. Raises what :func:`.lock.machine_lock` raises.
    """
    leftovers.sweep_discarded(context)
    try:
        with lock.machine_lock(command, context.emit, context.host.runtime_directory):
            leftovers.sweep(context)
            yield
    except ExtraContainerError:
        _warn(remove(context), context)
        raise
    _warn(remove(context), context)


def left_of(wanted: Collection[str], context: Context) -> frozenset[str]:
    """Return the containers among the ``wanted`` of which runs that are over have left something."""
    try:
        found = leftovers.discarded_trees(context.host)
    except OSError:
        return frozenset()  # who removes it tells
    return frozenset(tree.name for tree in found if tree.name in wanted and tree.is_left)


def remove(context: Context, wanted: Collection[str] = ()) -> list[ExtraContainerError]:
    """Remove what this process has renamed away, and whatever was of the ``wanted`` containers; return what cannot go.

    Where another run removes something of theirs, wait until it is gone. The caller does not hold the lock. Raises
    :class:`.Interrupted`.
    """
    try:
        found = leftovers.discarded_trees(context.host)
    except OSError as error:
        return [InstallError(f"{error.filename} cannot be looked into: {error.strerror}")]
    trees = tuple(tree for tree in found if tree.name in wanted or tree.is_own)
    if not trees:
        return []
    from extra_container.pipeline.removal.together import together

    names = tuple(sorted({tree.name for tree in trees}))
    with control.explained(lambda: wording.removal_of_files(names)), context.phase("remove", names):
        for tree in trees:
            if tree.is_taken:
                holder = f"Process {tree.by.pid}" if tree.by.alive() else "Another run"
                context.emit(events.LockAwaited(holder=f"{holder} (removing what {tree.name} kept)"))
        kept = together({tree.path: partial(_kept_by, tree) for tree in trees})
    return [error for error in kept.values() if error is not None]


def _kept_by(tree: discarded.Discarded, heed: Heed) -> ExtraContainerError | None:
    """Remove a tree; return what is in the way."""
    try:
        discarded.remove(tree, heed)
    except InstallError as error:
        return _told(tree.name, error)
    return None


def _told(name: str, error: InstallError) -> InstallError:
    # Not `destroy`: by now the name may be that of a new container.
    again = (
        "The next `create` or `destroy`, whatever it names, tries again, and so does `extra-container doctor --fix`."
    )
    return InstallError(
        f"What {name} kept is not removed yet: {error.message}", hint="\n".join(filter(None, (error.hint, again)))
    )


def _warn(errors: list[ExtraContainerError], context: Context) -> None:
    for error in errors:
        problem = Problem(message=error.message, hint=error.hint, severity=Severity.WARNING)
        context.emit(events.ProblemFound(problem=problem))
