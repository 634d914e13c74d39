"""Other data in the place of what a container has, with a way back until it has booted with it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from extra_container.plugin import (
    ContainerError,
    ExtraContainerError,
    InstalledContainer,
    InstallError,
    Problem,
    Severity,
    events,
    layout,
    remove_tree,
)
from extra_container.plugin_command import Context, put_away, shut_down, standstill, start
from extra_container_data import kernel
from extra_container_data.locations import between, staged
from extra_container_data.places import require_replaceable


def clear_aside(places: Sequence[Path]) -> None:
    """Remove what an earlier command that was killed has put aside. Raises :class:`.InstallError`."""
    for place in places:
        if os.path.lexists(left := between(place)):
            raise InstallError(
                f"{left} was left by a command that was broken off between two steps, and may be a container's data",
                hint=f"Look at it and at {place}, then move or remove it.",
            )
        for leftover in (layout.aside(place), staged(place)):
            remove_tree(leftover)


def replace(container: InstalledContainer, places: Sequence[Path], command: str, context: Context) -> bool:
    """Let what stands aside of a container's directories take their place, or nothing where nothing does.

    A container that runs is shut down for it and started again; return whether it ran. If it does not start, what it
    had comes back, and that is started. The old data is put away in the end. The caller holds the lock by means of
    :func:`.machine_lock`, which removes that. Raises :class:`.ContainerError`, and :class:`.InstallError` before
    anything is changed.
    """
    for place in places:
        require_replaceable(place)
    name, began = container.name, time.monotonic()
    with standstill((name,), context) as ran:
        swap(places)
        try:
            _require_rest(name, context)
            if ran:
                start(ran, context)
        except ExtraContainerError as error:
            shut_down((name,), context)
            swap(places)
            _discard(name, places, context)
            raise ContainerError(error.message, hint=f"The data of {name} is what it was before.") from error
        except KeyboardInterrupt:
            _discard(name, places, context)  # it goes on booting with the new data
            raise
        _discard(name, places, context)
    context.emit(events.StateReplaced(name=name, command=command, seconds=time.monotonic() - began))
    return bool(ran)


def _require_rest(name: str, context: Context) -> None:
    # What somebody started before the directories changed places would write to those that are to be removed.
    if not context.host.manager.states((name,))[name].at_rest:
        raise ContainerError(f"Somebody started {name} meanwhile")


def swap(places: Sequence[Path], beside: Callable[[Path], Path] = layout.aside) -> None:
    """Let directories and what stands beside them change places, all or none. Raises :class:`.InstallError`."""
    done: list[Path] = []
    try:
        for place in places:
            _swap(place, beside(place))
            done.append(place)
    except OSError as error:
        for place in reversed(done):
            _swap(place, beside(place))
        raise InstallError(
            f"Renaming {error.filename} to {error.filename2} failed: {error.strerror}", hint="Nothing was changed."
        ) from error


def _swap(place: Path, aside: Path) -> None:
    """Let a directory and what stands aside of it change places; either may be missing. Raises OSError."""
    if not os.path.lexists(aside):
        if os.path.lexists(place):
            kernel.move(place, aside)
    elif not os.path.lexists(place):
        kernel.move(aside, place)
    elif not kernel.exchange(place, aside):
        # What stands between is never removed as a leftover, so that a kill here loses nothing.
        kernel.move(place, between(place))
        kernel.move(aside, place)
        kernel.move(between(place), aside)


def _discard(name: str, places: Sequence[Path], context: Context) -> None:
    for place in places:
        try:
            put_away(layout.aside(place), name, context.host)
        except InstallError as error:
            message = f"What is not needed any more cannot be removed: {error.message}"
            hint = error.hint or "The next command that changes something tries again."
            context.emit(events.ProblemFound(problem=Problem(message=message, hint=hint, severity=Severity.WARNING)))
