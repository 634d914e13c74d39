"""From a request to a build: check it, gather what evaluation needs, let Nix build it."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias, TypeVar

from extra_container import build_output, events, nix, nix_errors, nix_roots
from extra_container import parts as parts_of
from extra_container.context import Context, report
from extra_container.errors import UsageError
from extra_container.model import Base, BaseKind, BuildResult, BuiltSource, Definition, Evaluation, Request

_T = TypeVar("_T")
Parts: TypeAlias = tuple[tuple[str, ...], ...]


def build(request: Request, context: Context, stack: ExitStack, *, apart: bool = False) -> BuildResult:
    """Return the containers of a request's definition, built unless it is a finished build.

    With ``apart`` they may be built by several processes at once, and the result's path is then no store path. The
    build is safe from garbage collection until ``stack`` is closed.
    """
    definition = define(request, context)
    if isinstance(definition.source, BuiltSource):
        result = build_output.read(definition.source.path)
        context.emit(events.BuildFinished(path=str(result.path), containers=_names(result)))
        return result
    began = time.monotonic()
    context.emit(events.BuildStarted())
    directory = stack.enter_context(_links(context))

    def act(chosen: Definition) -> Path:
        parts = _parts(chosen, context) if apart else ()
        if len(parts) > 1:
            return _build_apart(chosen, parts, directory, context)
        return nix.build(chosen, directory / "result", context.runner, context.tell)

    result = build_output.read(_evaluated(definition, context, act))
    seconds = time.monotonic() - began
    context.emit(events.BuildFinished(path=str(result.path), containers=_names(result), seconds=seconds))
    return result


@contextmanager
def _links(context: Context) -> Iterator[Path]:
    """Give a directory for links that keep builds from garbage collection; nothing of them stays."""
    with tempfile.TemporaryDirectory(prefix="extra-container-") as name:
        directory = Path(name)
        try:
            yield directory
        finally:
            for link in directory.iterdir():
                nix_roots.forget(link, context.host.gc_roots)


def _build_apart(definition: Definition, parts: Parts, directory: Path, context: Context) -> Path:
    with ThreadPoolExecutor(max_workers=len(parts)) as pool:
        futures = [
            pool.submit(
                nix.build, replace(definition, only=part), directory / f"part-{number}", context.runner, context.tell
            )
            for number, part in enumerate(parts)
        ]
        builds = tuple(future.result() for future in futures)
    return parts_of.join(builds, directory / "joined")


def _parts(definition: Definition, context: Context) -> Parts:
    if definition.base.kind is BaseKind.HOST:
        return ()  # it evaluates ten containers in the time that a second process needs to start
    names = nix.container_names(definition, context.runner, context.tell)
    return parts_of.plan_parts(names, cores=parts_of.cores(), available_mib=parts_of.available_mib())


def define(request: Request, context: Context) -> Definition:
    """Check a request and gather what its evaluation needs."""
    report(context.hooks.check_request(request, context.host), context, UsageError)
    if isinstance(request.source, BuiltSource):
        return Definition(source=request.source)
    context.hooks.before_build(request, context.host)
    base = _choose_base(request.base, context)
    return Definition(
        source=request.source,
        attr_path=request.attr_path,
        base=base,
        # All of the host base is hardly more than the container module.
        evaluation=Evaluation.FULL if base.kind is BaseKind.HOST else request.evaluation,
        build_args=request.build_args,
        inputs=context.hooks.build_inputs(request, context.host),
        kernel_release=os.uname().release,
    )


def evaluate(request: Request, context: Context, stack: ExitStack) -> str:
    """Evaluate a request's definition and return the path of the derivation that a build would build.

    Raises :class:`~extra_container.errors.UsageError` for a finished build.
    """
    definition = define(request, context)
    if isinstance(definition.source, BuiltSource):
        raise UsageError(f"{definition.source.path} is built already", hint="Give a definition.")
    root = stack.enter_context(_links(context)) / "etc.drv"
    return _evaluated(definition, context, lambda chosen: nix.derivation(chosen, root, context.runner, context.tell))


def defined_names(request: Request, context: Context) -> tuple[str, ...]:
    """Return the names of a request's containers, sorted, without building them."""
    definition = define(request, context)
    if isinstance(definition.source, BuiltSource):
        return _names(build_output.read(definition.source.path))
    return _evaluated(definition, context, lambda chosen: nix.container_names(chosen, context.runner, context.tell))


def _evaluated(definition: Definition, context: Context, act: Callable[[Definition], _T]) -> _T:
    """Do something with a definition, with the complete NixOS if the tree lacks something that the small way needs."""
    first = Evaluation.SMALL if definition.evaluation is Evaluation.AUTO else definition.evaluation
    try:
        result = act(replace(definition, evaluation=first))
    except nix_errors.NixError as error:
        missing = nix_errors.lacking(error, definition.source)
        if definition.evaluation is not Evaluation.AUTO or missing is None:
            raise
        context.emit(events.EvaluationFellBack(missing=missing))
        first = Evaluation.FULL
        result = act(replace(definition, evaluation=first))
    context.emit(events.Evaluated(evaluation=first.value))
    return result


def _choose_base(base: Base, context: Context) -> Base:
    if base.kind is BaseKind.DEFAULT and not nix.has_nixpkgs(context.runner):
        context.emit(events.HostBaseChosen())
        return replace(base, kind=BaseKind.HOST)
    return base


def _names(result: BuildResult) -> tuple[str, ...]:
    return tuple(container.name for container in result.containers)
