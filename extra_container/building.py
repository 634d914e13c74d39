"""From a request to a build: check it, gather what evaluation needs, let Nix build it."""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from extra_container import build_output, events, nix
from extra_container.context import Context, report
from extra_container.errors import UsageError
from extra_container.model import Base, BaseKind, BuildResult, BuiltSource, Definition, Request


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


def _choose_base(base: Base, context: Context) -> Base:
    if base.kind is BaseKind.DEFAULT and not nix.has_nixpkgs(context.runner):
        context.emit(events.HostBaseChosen())
        return replace(base, kind=BaseKind.HOST)
    return base


def _names(result: BuildResult) -> tuple[str, ...]:
    return tuple(container.name for container in result.containers)
