"""From a request to a build: check it, gather what evaluation needs, let Nix build it."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from extra_container.model import events
from extra_container.model.errors import AbsentError, UsageError
from extra_container.model.frozen import replace
from extra_container.model.host import Machine
from extra_container.model.values import (
    JSON,
    BuildInputs,
    BuildResult,
    BuiltSource,
    Definition,
    ExpressionSource,
    Problem,
    Request,
    Severity,
)
from extra_container.nix import build_output
from extra_container.nix import store as nix_store
from extra_container.pipeline.context import Context, report


def build(request: Request, context: Context, stack: ExitStack) -> BuildResult:
    """Return the containers of a request's definition, built unless it is a finished build.

    Neither evaluation nor build takes place where an earlier evaluation saw the same. The build is safe from garbage
    collection until ``stack`` is closed. Raises :class:`.AbsentError` for containers that the definition lacks.
    """
    definition = _gather(request, context)
    began = time.monotonic()
    if isinstance(definition.source, BuiltSource):
        result, seconds = _wanted(_read(definition.source.path, context), request), 0.0
    else:
        from extra_container.pipeline.evaluation import evaluate as definitions

        with definitions.telling_failure(context, definition):
            result = _read(definitions.build(request, definition, context, stack), context)
        seconds = time.monotonic() - began
    context.emit(events.BuildFinished(path=str(result.path), containers=_names(result), seconds=seconds))
    return result


def evaluate(request: Request, context: Context, stack: ExitStack) -> str:
    """Evaluate a request's definition and return the path of the derivation that a build would build.

    Raises :class:`.UsageError` for a finished build.
    """
    definition = _gather(request, context)
    if isinstance(definition.source, BuiltSource):
        raise UsageError(f"{definition.source.path} is built already", hint="Give a definition.")
    from extra_container.pipeline.evaluation import evaluate as definitions

    return definitions.evaluate(request, definition, context, stack)


def defined_names(request: Request, context: Context) -> tuple[str, ...]:
    """Return the names of a request's containers, sorted, without building them."""
    definition = _gather(request, context)
    if isinstance(definition.source, BuiltSource):
        return _names(_wanted(_read(definition.source.path, context), request))
    from extra_container.pipeline.evaluation import evaluate as definitions

    return definitions.names(definition, context)


def _gather(request: Request, context: Context) -> Definition:
    """Check a request and gather what its evaluation needs."""
    report(context.hooks.check_request(request, context.host), context, UsageError)
    if isinstance(request.source, BuiltSource):
        for option in request.without_effect:
            message = f"{request.source.path} is a finished build, which {option} does not change."
            hint = "Give the definition instead, or leave the option out."
            problem = Problem(message=message, hint=hint, severity=Severity.WARNING)
            context.emit(events.ProblemFound(problem=problem))
        return Definition(source=request.source)
    context.hooks.before_build(request, context.host)
    inputs, here = context.hooks.build_inputs(request, context.host), machine_here(None)
    machine = context.machine or here
    if context.machine is not None:
        inputs = replace(inputs, values=_values_for(context.machine, inputs))
    return Definition(
        source=request.source,
        attr_path=request.attr_path,
        base=request.base,
        evaluation=request.evaluation,
        build_args=request.build_args,
        inputs=inputs,
        kernel_release=machine.kernel_release,
        system="" if machine.system == here.system else machine.system,
        only=request.only or None,
    )


def machine_here(context: Context | None) -> Machine:
    """Return what an evaluation has to know of this machine; without a context, no plugin says anything of it."""
    kernel = os.uname()
    values: Mapping[str, JSON] = {}
    if context is not None:
        request = Request(command="create", source=ExpressionSource(text="{ }", origin="nothing"))
        values = context.hooks.values_of_machine(request, context.host)
    return Machine(kernel_release=kernel.release, system=f"{kernel.machine}-linux", values=values)


def _values_for(machine: Machine, inputs: BuildInputs) -> Mapping[str, JSON]:
    """Return the values of inputs with those of a machine instead of this one's; what it does not say is not there."""
    same = {name: value for name, value in inputs.values.items() if name not in inputs.of_machine}
    return {**same, **{name: value for name, value in machine.values.items() if name in inputs.of_machine}}


def _read(path: Path, context: Context) -> BuildResult:
    return build_output.read(path, store=nix_store.store(context.runner))


def _wanted(result: BuildResult, request: Request) -> BuildResult:
    """Return what is wanted of a finished build. Raises :class:`.AbsentError`."""
    if not request.only:
        return result
    present = _names(result)
    absent = [name for name in request.only if name not in present]
    if absent:
        raise AbsentError(absent, present)
    return replace(result, containers=tuple(one for one in result.containers if one.name in request.only))


def _names(result: BuildResult) -> tuple[str, ...]:
    return tuple(container.name for container in result.containers)
