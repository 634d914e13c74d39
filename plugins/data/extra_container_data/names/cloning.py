"""Making a second container of one.

The state is copied beside the place where the clone keeps its own, and moves there when the clone is installed. What a
kill leaves is found by the next call: a clone that is installed and has no state is given one.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from extra_container.plugin import (
    BuiltSource,
    InstalledContainer,
    InstallError,
    Request,
    UsageError,
    events,
    remove_tree,
)
from extra_container.plugin_command import (
    Context,
    Provenance,
    build,
    creatable,
    create_built,
    destroy,
    in_place,
    read_installed,
    read_provenance,
    read_traces,
    state_directory,
)
from extra_container_data import kernel
from extra_container_data.backups.making import keeping_still, open_state
from extra_container_data.kernel import sync_file_system
from extra_container_data.locations import staged
from extra_container_data.places import require_ours
from extra_container_data.reading import Tree
from extra_container_data.replacement import clear_aside
from extra_container_data.writing import Writer

# What must not be there twice, as paths of the state; each is made anew by the container itself.
_OF_ONE_MACHINE = (
    ("etc", "machine-id"),
    ("var", "lib", "dbus", "machine-id"),
    ("var", "lib", "systemd", "random-seed"),
)
_HOST_KEY = ("etc", "ssh", "ssh_host_")


def require_creatable(name: str) -> None:
    """Raise :class:`.UsageError` for what a new container cannot be called."""
    if not creatable(name):
        raise UsageError(
            f"{name!r} cannot be the name of a container",
            hint="Use 1 to 63 letters, digits and dashes, without a dash at either end.",
        )


def require_clonable(container: InstalledContainer, new: str, context: Context) -> Provenance:
    """Return where a container came from. Raises :class:`.UsageError` if no clone ``new`` can be made of it."""
    known = read_provenance(container, context.host)
    if known is None or not known.complete:
        raise UsageError(
            f"Where {container.name} came from is not known, so that its definition cannot be evaluated again",
            hint=f"Create {container.name} from its definition once more.",
        )
    if isinstance(known.request.source, BuiltSource):
        raise UsageError(
            f"{container.name} came from a finished build, in which its name is fixed",
            hint=f"Create {container.name} from its definition.",
        )
    require_free(container.name, new, context)
    return known


def require_free(name: str, new: str, context: Context) -> None:
    """Raise :class:`.UsageError` if there is a container of that name, but for a clone that was not finished."""
    present = read_traces(context.host).get(new)
    if present is not None and _is_begun(name, present, context):
        return
    try:
        root = state_directory(new, context) if present is None else present.root
    except UsageError:
        return
    raise UsageError(f"There is a container {new} already: {root}", hint="Choose another name, or destroy it.")


def _is_begun(name: str, present: InstalledContainer, context: Context) -> bool:
    """Whether a container is a clone of another one that a call which was killed has installed and given no state."""
    known = read_provenance(present, context.host)
    is_clone = known is not None and known.request.options.get("clone_of") == name
    return is_clone and not os.path.lexists(present.root)


def clone(
    known: Provenance,
    name: str,
    request: Request,
    context: Context,
    warn: Callable[[str], None],
    *,
    stopping: bool,
) -> None:
    """Make of an installed container, which came from ``known``, the one that a request is for.

    Raises :class:`.ExtraContainerError`; nothing of the clone is left then.
    """
    began = time.monotonic()
    with ExitStack() as stack:
        there = stack.enter_context(where_it_was_read(known, context))
        result = build(request, there, stack)
        (built,) = result.containers
        new, root = built.name, built.root
        with context.lock("clone"):
            require_free(name, new, context)
            if os.path.lexists(root):
                raise UsageError(f"{root} is there already", hint="Choose another name, or move it away.")
            clear_aside((root,))
            _copy_state(require_ours(name, context), staged(root), context, warn, stopping=stopping)
        try:
            create_built(request, result, there)
            with context.lock("clone"):
                _move_in(root, new, context)
        except BaseException:
            if new in read_installed(context.host.gc_roots):
                destroy((new,), context, "clone")
            with context.lock("clone"):
                remove_tree(staged(root))
            raise
    context.emit(events.StateReplaced(name=new, command="clone", seconds=time.monotonic() - began))


@contextmanager
def where_it_was_read(known: Provenance, context: Context) -> Iterator[Context]:
    """Give a context that evaluates where the definition was read. Raises :class:`.UsageError` if that is gone."""
    try:
        place = in_place(known.place, context)
        there = place.__enter__()
    except OSError as error:
        raise UsageError(f"{known.place.directory}, where the definition was read, is not there any more") from error
    try:
        yield there
    finally:
        place.__exit__(None, None, None)


def _copy_state(
    container: InstalledContainer, target: Path, context: Context, warn: Callable[[str], None], *, stopping: bool
) -> None:
    """Copy a container's state, but for what makes it one of a kind, to a directory that is not there yet.

    On an error, nothing of it is left. Raises :class:`.ExtraContainerError`.
    """
    if not os.path.lexists(container.root):
        return  # it has never run
    top = open_state(container)
    lost: set[str] = set()
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        target.mkdir(mode=0o700)
        with keeping_still(container.name, context, stopping=stopping):
            tree = Tree(top, lambda names: os.fspath(container.root.joinpath(*names)), _skipped(warn))
            _write(tree, target, lost.add)
    except OSError as error:
        remove_tree(target)
        raise InstallError(f"Copying {container.root} failed: {error.strerror or error}") from error
    except BaseException:
        remove_tree(target)
        raise
    finally:
        os.close(top)
    if lost:
        warn(f"The file system of {target.parent} does not take the attributes {', '.join(sorted(lost))}")


def _write(tree: Tree, target: Path, lost: Callable[[str], None]) -> None:
    directory = os.open(target, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    writer = Writer(directory, None, lambda names: str(target.joinpath(*names)), lost, merging=False)
    try:
        for entry, content in tree.walk():
            if not _is_of_one_machine(entry.names):
                writer.add(entry, content)
        writer.finish()
        sync_file_system(directory)
    finally:
        writer.close()
        os.close(directory)


def _is_of_one_machine(names: tuple[str, ...]) -> bool:
    *above, last = names or ("",)
    is_host_key = tuple(above) == _HOST_KEY[:-1] and last.startswith(_HOST_KEY[-1])
    return names in _OF_ONE_MACHINE or is_host_key


def _skipped(warn: Callable[[str], None]) -> Callable[[str, str], None]:
    return lambda path, reason: warn(f"{path} is not in the clone: {reason}")


def _move_in(root: Path, new: str, context: Context) -> None:
    """Let the state that was copied be that of the clone. Raises :class:`.InstallError`."""
    if not os.path.lexists(staged(root)):
        return
    if not context.host.manager.states((new,))[new].at_rest or os.path.lexists(root):
        raise InstallError(f"Somebody started {new} before its data was there", hint="It was destroyed. Try again.")
    kernel.move(staged(root), root)
