"""From a request to a build: check it, gather what evaluation needs, let Nix build it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from extra_container import variables
from extra_container.model import events, exhaustion
from extra_container.model.errors import BuildError, HostError, UsageError
from extra_container.model.frozen import replace
from extra_container.model.values import BaseKind, BuildResult, BuiltSource, Definition, Evaluation, Request
from extra_container.nix import blame, build_output, command, errors, machine, parts
from extra_container.nix import store as nix_store
from extra_container.pipeline.context import Context, report
from extra_container.process import Runner
from extra_container.process import result as result_of
from extra_container.state import nix_roots, runtime

if TYPE_CHECKING:
    from extra_container.evaluations.watch import Watch

_T = TypeVar("_T")


def build(request: Request, context: Context, stack: ExitStack) -> BuildResult:
    """Return the containers of a request's definition, built unless it is a finished build.

    Neither evaluation nor build takes place where an earlier evaluation saw the same. The build is safe from garbage
    collection until ``stack`` is closed.
    """
    definition = _gather(request, context)
    if isinstance(definition.source, BuiltSource):
        result = _read(definition.source.path, context)
        context.emit(events.BuildFinished(path=str(result.path), containers=_names(result)))
        return result
    with _telling_failure(context):
        return _build(request, definition, context, stack)


def _build(request: Request, definition: Definition, context: Context, stack: ExitStack) -> BuildResult:
    directory = stack.enter_context(_links(context))
    link = directory / "result"
    watch = _watch(request, definition, directory, context)
    began = time.monotonic()
    if watch is not None and (output := watch.known_output(link)) is not None:
        watch.repeat(context.emit, context.tell, building=True)
        result = _read(Path(output), context)
    else:
        result = _read(_build_anew(definition, directory, context, watch), context)
    seconds = time.monotonic() - began
    context.emit(events.BuildFinished(path=str(result.path), containers=_names(result), seconds=seconds))
    return result


def _build_anew(definition: Definition, directory: Path, context: Context, watch: Watch | None) -> Path:
    """Evaluate and build: in two steps where the first is watched, or somebody follows each, and in one otherwise."""
    watched, sees = _watched(context, watch), watch is not None and watch.can_see
    out_link = directory / "result"

    def evaluate_and_build(chosen: Definition) -> Path:
        divided, runner = _evaluate_parts(chosen, directory, watched)
        return command.build(divided, out_link, runner, context.tell)

    def evaluate_only(chosen: Definition) -> tuple[str, Definition]:
        divided, runner = _evaluate_parts(chosen, directory, watched)
        return command.derivation(divided, directory / "etc.drv", runner, watched.tell), divided

    derivation = ""
    if not sees and context.follow is None:
        definition = _with_base(definition, watched)
        context.emit(events.BuildStarted())
        path = _evaluated(definition, watched, evaluate_and_build)
    else:
        with context.phase("evaluate"):
            definition = _with_base(definition, watched)
            context.emit(events.BuildStarted())
            derivation, divided = _evaluated(definition, watched, evaluate_only)
        if watch is not None and sees:
            watch.end()
        with context.phase("build"):
            path = command.realise(derivation, divided, out_link, context.runner, context.tell)
    if watch is not None:
        context.emit(events.EvaluationRecorded(problem=watch.keep(derivation, str(path))))
    return path


@contextmanager
def _telling_failure(context: Context) -> Iterator[None]:
    """Let who follows each step know of a definition that could not be evaluated or built."""
    try:
        yield
    except BuildError as error:
        if context.follow is not None:
            details: Mapping[str, Any] = error.details
            context.follow(
                events.BuildFailed(
                    message=error.message,
                    hint=error.hint,
                    derivation=details.get("derivation"),
                    reason=details.get("reason"),
                    log=tuple(details.get("log", ())),
                )
            )
        raise


def _watch(request: Request, definition: Definition, directory: Path, context: Context) -> Watch | None:
    """Return what watches the evaluation of a definition, ``None`` if nothing shall."""
    wish = context.runner.environment.get(variables.EVAL_RECORD)
    if not request.record or wish == "never":
        return None
    from extra_container.evaluations.watch import Watch

    records = context.host.cache_directory / "evaluations"
    return Watch(
        definition=definition, directory=directory, records=records, unwatched=context.runner, always=wish == "always"
    )


def _watched(context: Context, watch: Watch | None) -> Context:
    if watch is None:
        return context
    return replace(context, runner=watch.runner, tell=watch.telling(context.tell), emit=watch.emitting(context.emit))


@contextmanager
def _links(context: Context) -> Iterator[Path]:
    """Give a directory for links that keep builds from garbage collection; nothing of them stays."""
    with runtime.runtime_directory("build", home=context.host.runtime_directory) as directory:
        try:
            yield directory
        finally:
            # Nix removes the roots, too, when it next collects garbage and finds their links gone.
            with suppress(OSError):
                for link in directory.iterdir():
                    nix_roots.forget(link, context.host.gc_roots)


def _evaluate_parts(definition: Definition, directory: Path, context: Context) -> tuple[Definition, Runner]:
    """Let several processes evaluate the containers of a definition where that pays.

    Returns the definition with what they found, from which evaluation makes the same ``etc`` as without them, and what
    runs that evaluation.
    """
    if definition.base.kind is BaseKind.HOST:
        # It evaluates ten containers in the time that a second process needs to start.
        return definition, context.runner
    # What Nix says here, it says again in the end.
    names = command.container_names(definition, context.runner, lambda _line: None)
    plan = parts.plan_parts(
        names,
        cores=machine.cores(),
        available_mib=machine.available_mib(),
        reservable=not machine.limits_address_space(),
    )
    if len(plan) == 1:
        return definition, context.runner.having(plan[0].variables(context.runner.environment))
    with ThreadPoolExecutor(max_workers=len(plan)) as pool, context.runner.together() as runner:
        futures = [
            pool.submit(
                command.part,
                replace(definition, only=part.names),
                directory / f"part-{number}",
                runner.having(part.variables(runner.environment)),
                context.tell,
            )
            for number, part in enumerate(plan)
        ]
        evaluated = {name: found for future in futures for name, found in result_of(future).items()}
    file = directory / "evaluated.json"
    try:
        file.write_text(json.dumps(evaluated))
    except OSError as error:
        raise HostError(f"Writing {file} failed: {error.strerror}", hint=exhaustion.hint_for(error)) from error
    return replace(definition, evaluated=file), context.runner


def _gather(request: Request, context: Context) -> Definition:
    """Check a request and gather what its evaluation needs."""
    report(context.hooks.check_request(request, context.host), context, UsageError)
    if isinstance(request.source, BuiltSource):
        return Definition(source=request.source)
    context.hooks.before_build(request, context.host)
    return Definition(
        source=request.source,
        attr_path=request.attr_path,
        base=request.base,
        evaluation=request.evaluation,
        build_args=request.build_args,
        inputs=context.hooks.build_inputs(request, context.host),
        kernel_release=os.uname().release,
    )


def _with_base(definition: Definition, context: Context) -> Definition:
    """Choose the host base for a definition that has no nixpkgs otherwise."""
    base = definition.base
    if base.kind is BaseKind.DEFAULT and not command.has_nixpkgs(definition, context.runner):
        context.emit(events.HostBaseChosen())
        base = replace(base, kind=BaseKind.HOST)
    # All of the host base is hardly more than the container module.
    evaluation = Evaluation.FULL if base.kind is BaseKind.HOST else definition.evaluation
    return replace(definition, base=base, evaluation=evaluation)


def evaluate(request: Request, context: Context, stack: ExitStack) -> str:
    """Evaluate a request's definition and return the path of the derivation that a build would build.

    Raises :class:`.UsageError` for a finished build.
    """
    definition = _gather(request, context)
    if isinstance(definition.source, BuiltSource):
        raise UsageError(f"{definition.source.path} is built already", hint="Give a definition.")
    directory = stack.enter_context(_links(context))
    watch = _watch(request, definition, directory, context)
    if watch is not None and (known := watch.known_derivation()) is not None:
        watch.repeat(context.emit, context.tell, building=False)
        return known
    watched = _watched(context, watch)

    def act(chosen: Definition) -> str:
        divided, runner = _evaluate_parts(chosen, directory, watched)
        return command.derivation(divided, directory / "etc.drv", runner, watched.tell)

    with _telling_failure(context), context.phase("evaluate"):
        derivation = _evaluated(_with_base(definition, watched), watched, act)
    if watch is not None:
        watch.end()
        context.emit(events.EvaluationRecorded(problem=watch.keep(derivation, None)))
    return derivation


def defined_names(request: Request, context: Context) -> tuple[str, ...]:
    """Return the names of a request's containers, sorted, without building them."""
    definition = _gather(request, context)
    if isinstance(definition.source, BuiltSource):
        return _names(_read(definition.source.path, context))
    with _telling_failure(context), context.phase("evaluate"):
        definition = _with_base(definition, context)
        return _evaluated(
            definition, context, lambda chosen: command.container_names(chosen, context.runner, context.tell)
        )


def _evaluated(definition: Definition, context: Context, act: Callable[[Definition], _T]) -> _T:
    """Do something with a definition, with the complete NixOS if the tree lacks something that the small way needs."""
    first = Evaluation.SMALL if definition.evaluation is Evaluation.AUTO else definition.evaluation
    try:
        result = act(replace(definition, evaluation=first))
    except errors.NixError as error:
        missing = _lacking(error, definition, context)
        if missing is None:
            raise
        context.emit(events.EvaluationFellBack(missing=missing))
        first = Evaluation.FULL
        result = act(replace(definition, evaluation=first))
    context.emit(events.Evaluated(evaluation=first.value))
    return result


def _read(path: Path, context: Context) -> BuildResult:
    return build_output.read(path, store=nix_store.store(context.runner))


def _lacking(error: errors.NixError, definition: Definition, context: Context) -> str | None:
    """Return what an evaluation that failed lacked of nixpkgs, if another way may be tried and has it."""
    if definition.evaluation is not Evaluation.AUTO:
        return None
    missing = blame.lacking(error, definition.source)
    if missing is None or blame.is_of_nixpkgs(error):
        return missing
    return command.small_lacks(definition, context.runner)


def _names(result: BuildResult) -> tuple[str, ...]:
    return tuple(container.name for container in result.containers)
