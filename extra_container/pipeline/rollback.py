"""Making the host as it was before, for the containers that did not start."""

from __future__ import annotations

from collections.abc import Mapping

from extra_container.model import events
from extra_container.model.errors import ExtraContainerError
from extra_container.model.frozen import dataclass, replace
from extra_container.model.host import leaders
from extra_container.model.plans import Change, Failure, InstallPlan, Left, RunPlan
from extra_container.model.values import BuiltContainer, Problem, Request, Severity
from extra_container.pipeline import control, inside
from extra_container.pipeline.context import Context
from extra_container.state import files, installed, record

# The next run that changes something tries again.
UNSETTLED = frozenset({Left.STUCK, Left.CHANGED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """An installation that can still be taken back.

    ``run_plan`` is what was really done, ``undo`` the way back of each container; ``untouched`` are the containers that
    had no data of their own before, ``interrupted`` those that ran before a run that was broken off.
    """

    plan: InstallPlan
    run_plan: RunPlan
    undo: Mapping[str, files.Undo]
    untouched: frozenset[str]
    interrupted: frozenset[str] = frozenset()


def goes_back(request: Request, container: BuiltContainer) -> bool:
    """Whether a container that fails is to go back to what was healthy: by the request, or by what its system says."""
    if request.command != "create":
        return False
    if request.rollback_on_failure:
        return True
    from extra_container.health import check

    found = check.read(container.settings.get("SYSTEM_PATH"))
    return found is not None and found.rollback


def take_back(undo: Mapping[str, files.Undo], ran: tuple[str, ...], context: Context) -> tuple[Failure, ...]:
    """Bring the files back, start what ran before, and return what of that did not start."""
    for step in undo.values():
        step.roll_back()
    if undo:
        context.host.manager.reload()
    return start_again(ran, context)


def start_again(ran: tuple[str, ...], context: Context) -> tuple[Failure, ...]:
    """Start what ran before something went wrong; return what does not start."""
    if not ran:
        return ()
    failures = context.host.manager.start(ran)
    context.hooks.after_start(ran, failures, context.host, context.runner, context.request)
    return failures


def take_back_failed(
    request: Request, failures: tuple[Failure, ...], attempt: Attempt, context: Context
) -> tuple[tuple[Failure, ...], Mapping[str, Left]]:
    """Make the host as it was before for the containers that did not start, unless the request keeps them.

    Those whose update failed stay: they run, with what the switch left of the new system. Returns the failures, with
    what went wrong here added to them, and what became of each.
    """
    left: dict[str, Left] = {}
    to_take_back: dict[str, Failure] = {}
    updated = tuple(failure.name for failure in failures if failure.name in attempt.run_plan.update)
    running = leaders(updated, context.host.manager)
    for failure in failures:
        if failure.left is Left.UNHEALTHY and not _is_first(failure.name, request, attempt):
            left[failure.name] = Left.UNHEALTHY
        elif failure.left is Left.UNHEALTHY and request.keep_failed:
            control.shut_down((failure.name,), context)
            left[failure.name] = Left.STOPPED
        elif failure.name in running:
            runs = running[failure.name] is not None
            left[failure.name] = failure.left or Left.UPDATING if runs else Left.KEPT
        elif request.keep_failed:
            left[failure.name] = Left.KEPT
        else:
            to_take_back[failure.name] = failure
    if not to_take_back:
        return failures, left
    record.mark(to_take_back, context.host, failed=True)
    # The manager may be about to try again; it must not find the old files under a new container.
    with inside.emptied(tuple(to_take_back), context.host):
        context.host.manager.kill(tuple(to_take_back))
    context.host.manager.forget(tuple(to_take_back))
    by_name = dict(to_take_back)
    for name, failure in to_take_back.items():
        try:
            left[name], after = _take_back_one(name, attempt, context)
        except (OSError, ExtraContainerError) as error:
            is_new = _change(name, attempt) is Change.NEW
            left[name] = Left.STUCK if is_new else Left.CHANGED
            after = (f"Taking it back failed: {error}",)
        by_name[name] = replace(failure, details=(*failure.details, *after))
    return tuple(by_name.get(failure.name, failure) for failure in failures), left


def keep_journals(plan: InstallPlan, failures: tuple[Failure, ...], context: Context) -> None:
    """Keep what containers wrote that failed and may be taken back out."""
    if not failures:
        return
    from extra_container.journals import last

    roots = {item.name: item.container.root for item in plan.items}
    for failure in failures:
        try:
            last.keep(failure.name, roots[failure.name], context.host, context.runner)
        except (OSError, ExtraContainerError) as error:
            message = f"What {failure.name} wrote could not be kept: {error}"
            context.emit(events.ProblemFound(problem=Problem(message=message, severity=Severity.WARNING)))


def _take_back_one(name: str, attempt: Attempt, context: Context) -> tuple[Left, tuple[str, ...]]:
    """Return what became of the container, and what there is to tell of it. Raises what went wrong."""
    is_new = _change(name, attempt) is Change.NEW
    if is_new and name in attempt.untouched:
        from extra_container.pipeline import destroy

        destroy.remove((name,), installed.read(context.host.gc_roots), context)
        return Left.REMOVED, ()
    ran = tuple({name}.intersection((*attempt.run_plan.restart, *attempt.interrupted)))
    lost = take_back({name: attempt.undo[name]}, ran, context)
    if lost:
        return Left.RESTORED, tuple(f"What ran before did not start either: {failure.message}" for failure in lost)
    return (Left.RESTARTED if ran else Left.REMOVED if is_new else Left.RESTORED), ()


def _is_first(name: str, request: Request, attempt: Attempt) -> bool:
    """Whether a container was not installed before that is to go back to what it was."""
    item = next(item for item in attempt.plan.items if item.name == name)
    return item.change is Change.NEW and goes_back(request, item.container)


def _change(name: str, attempt: Attempt) -> Change:
    return next(item.change for item in attempt.plan.items if item.name == name)
