"""Where the containers of a build come from, and that this is remembered when they are installed."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from extra_container.model import events
from extra_container.model.frozen import replace
from extra_container.model.values import BuildResult, Installed, Problem, Request, Severity
from extra_container.pipeline.context import Context
from extra_container.provenance import records
from extra_container.provenance import values as provenance
from extra_container.provenance.values import Place, Provenance

if TYPE_CHECKING:
    from extra_container.generations.values import Generation


def come_from(
    request: Request,
    result: BuildResult,
    present: Installed,
    context: Context,
    selected: Mapping[str, Generation] = MappingProxyType({}),
) -> Mapping[str, Provenance]:
    """Return where the containers of a build come from, by name, if it is installed at this moment.

    Those that are ``selected`` come from where their generation came from, which nobody may know. Containers that are
    ``present`` stay in their sets if the request says nothing of any.
    """
    try:
        directory = Path.cwd()
    except OSError:  # it is gone
        directory = Path("/")
    place = Place(directory=directory, nix_path=context.runner.environment.get("NIX_PATH"))
    now, plugins = time.time(), context.hooks.builders()
    found = {
        container.name: provenance.of(request, container, result.path, place, time=now, plugins=plugins)
        for container in result.containers
        if container.name not in selected
    }
    known = {name: one.provenance for name, one in selected.items()}
    found |= {name: origin for name, origin in known.items() if origin is not None}
    return {
        name: replace(origin, set_name=request.set_name or _set_of(name, present, context))
        for name, origin in found.items()
    }


def _set_of(name: str, present: Installed, context: Context) -> str | None:
    known = records.read(present[name], context.host) if name in present else None
    return None if known is None else known.set_name


@contextmanager
def in_place(place: Place, context: Context) -> Iterator[Context]:
    """Give a context that evaluates where a definition was read. Raises OSError if the directory is gone."""
    runner = context.runner.having({})
    runner.environment.pop("NIX_PATH", None)
    if place.nix_path is not None:
        runner.environment["NIX_PATH"] = place.nix_path
    before = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.chdir(place.directory)
        yield replace(context, runner=runner)
    finally:
        os.fchdir(before)
        os.close(before)


@contextmanager
def remembered(known: Mapping[str, Provenance], context: Context) -> Iterator[None]:
    """Keep in mind where the containers come from that the block installs; that it cannot be kept is no failure."""
    try:
        records.write(known, context.host)
    except OSError as error:
        message = f"Where the containers come from cannot be written down: {error.filename}: {error.strerror}"
        context.emit(events.ProblemFound(problem=Problem(message=message, severity=Severity.WARNING)))
    try:
        yield
    finally:
        with suppress(OSError):  # the next change does it
            records.prune(context.host)
