"""Evaluating and building a definition with Nix, if an earlier evaluation does not tell what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from extra_container import shortcuts, variables
from extra_container.model import events
from extra_container.model.errors import BuildError
from extra_container.model.frozen import replace
from extra_container.model.values import BaseKind, Definition, Evaluation, Request
from extra_container.nix import blame, command, errors
from extra_container.pipeline.context import Context
from extra_container.pipeline.evaluation import divide, early, suspects
from extra_container.state import nix_roots, runtime

if TYPE_CHECKING:
    from extra_container.evaluations.watch import Watch

_T = TypeVar("_T")


def build(request: Request, definition: Definition, context: Context, stack: ExitStack) -> Path:
    """Return the store path of what a definition builds; it is safe until ``stack`` is closed."""
    directory = stack.enter_context(_links(context))
    watch = _watch(request, definition, directory, context)
    if watch is not None and (output := watch.known_output(directory / "result")) is not None:
        watch.repeat(context.emit, context.tell, building=True)
        return Path(output)
    return _build_anew(definition, directory, context, watch)


def evaluate(request: Request, definition: Definition, context: Context, stack: ExitStack) -> str:
    """Return the path of the derivation that a definition builds."""
    directory = stack.enter_context(_links(context))
    watch = _watch(request, definition, directory, context)
    if watch is not None and (known := watch.known_derivation()) is not None:
        watch.repeat(context.emit, context.tell, building=False)
        return known
    watched = _watched(context, watch)

    sees = watch is not None and watch.can_see
    with telling_failure(context, definition), context.phase("evaluate"):
        definition = _with_base(definition, watched)
        derivation = _evaluated(
            definition, watched, lambda chosen: divide.evaluate(chosen, directory, watched, may_guess=not sees)
        )
    if watch is not None:
        watch.end()
        context.emit(events.EvaluationRecorded(problem=watch.keep(derivation, None)))
    return derivation


def names(definition: Definition, context: Context) -> tuple[str, ...]:
    """Return the names of a definition's containers, sorted."""
    with telling_failure(context, definition), context.phase("evaluate"):
        definition = _with_base(definition, context)
        return _evaluated(
            definition, context, lambda chosen: command.container_names(chosen, context.runner, context.tell)
        )


def _build_anew(definition: Definition, directory: Path, context: Context, watch: Watch | None) -> Path:
    """Evaluate and build: in one step where that is one process of Nix that nobody watches or follows."""
    watched, sees = _watched(context, watch), watch is not None and watch.can_see
    out_link = directory / "result"

    def evaluate_and_build(chosen: Definition) -> Path:
        return command.build(chosen, out_link, context.runner, context.tell)

    def evaluate_only(chosen: Definition) -> str:
        with _building_early(chosen, directory, context) as build:
            return divide.evaluate(chosen, directory, watched, may_guess=not sees, build=build)

    derivation, path = "", None
    with context.phase("evaluate"):
        definition = _with_base(definition, watched)
        context.emit(events.BuildStarted())
        if definition.base.kind is BaseKind.HOST and not sees and context.follow is None:
            path = _evaluated(definition, watched, evaluate_and_build)
        else:
            derivation = _evaluated(definition, watched, evaluate_only)
    if path is None:
        if watch is not None and sees:
            watch.end()
        with context.phase("build"):
            path = command.realise(derivation, definition, out_link, context.runner, context.tell)
    if watch is not None:
        context.emit(events.EvaluationRecorded(problem=watch.keep(derivation, str(path))))
    return path


def _building_early(
    definition: Definition, directory: Path, context: Context
) -> AbstractContextManager[Callable[[Sequence[str]], None] | None]:
    """Return what builds while a definition is evaluated, if that is to be."""
    # The host base evaluates ten containers in the time that Nix needs to start.
    if definition.base.kind is BaseKind.HOST or not shortcuts.taken(shortcuts.EARLY_BUILDS, context.runner.environment):
        return nullcontext()
    return early.building(definition, directory, context.runner) if early.may_build(definition) else nullcontext()


@contextmanager
def telling_failure(context: Context, definition: Definition | None = None) -> Iterator[None]:
    """Name the plugin that an error comes from, of this definition, and let who follows each step know of it."""
    try:
        yield
    except BuildError as error:
        if isinstance(error, errors.NixError):
            _name_plugins(error, definition, context)
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


def _name_plugins(error: errors.NixError, definition: Definition | None, context: Context) -> None:
    """Add to an error the plugins whose modules it comes from, and how to go on without them."""
    plugins = context.hooks.owners_of(blame.files(error), error.reason)
    if definition is not None and suspects.is_endless(error):
        plugins = _suspects(definition, plugins, context)
    if not plugins:
        return
    shown = " and ".join(map(context.hooks.shown, plugins))
    modules = "a module of the plugin" if len(plugins) == 1 else "modules of the plugins"
    way_out = context.hooks.way_out(plugins)
    error.message = f"{error.message}\nThis comes from {modules} {shown}."
    error.hint = f"{way_out}\n{error.hint}" if error.hint else way_out


def _suspects(definition: Definition, traced: tuple[str, ...], context: Context) -> tuple[str, ...]:
    """Return the plugins without whose modules an evaluation would end, found out by leaving them out."""
    silent = replace(context, emit=lambda _event: None, tell=lambda _line: None, follow=None)

    def evaluate(changed: Definition) -> None:
        _evaluated(_with_base(changed, silent), silent, lambda chosen: command.try_out(chosen, silent.runner))

    return suspects.find(definition, context.hooks.modules_of_others(), traced, evaluate)


def _watch(request: Request, definition: Definition, directory: Path, context: Context) -> Watch | None:
    """Return what watches the evaluation of a definition, ``None`` if nothing shall."""
    wish = context.runner.environment.get(variables.EVAL_RECORD)
    if not (request.record and shortcuts.taken(shortcuts.EVAL_RECORD, context.runner.environment)):
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


def _with_base(definition: Definition, context: Context) -> Definition:
    """Choose the host base for a definition that has no nixpkgs otherwise."""
    base = definition.base
    if base.kind is BaseKind.DEFAULT and not command.has_nixpkgs(definition, context.runner):
        context.emit(events.HostBaseChosen())
        base = replace(base, kind=BaseKind.HOST)
    # All of the host base is hardly more than the container module.
    evaluation = Evaluation.FULL if base.kind is BaseKind.HOST else definition.evaluation
    return replace(definition, base=base, evaluation=evaluation)


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


def _lacking(error: errors.NixError, definition: Definition, context: Context) -> str | None:
    """Return what an evaluation that failed lacked of nixpkgs, if another way may be tried and has it."""
    if definition.evaluation is not Evaluation.AUTO:
        return None
    missing = blame.lacking(error, definition.source)
    if missing is None or blame.is_of_nixpkgs(error):
        return missing
    return command.small_lacks(definition, context.runner)
