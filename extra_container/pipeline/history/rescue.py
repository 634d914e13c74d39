"""Going back to what was healthy last, for containers that failed and are not to stay so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from extra_container.generations import store
from extra_container.generations.values import Verdict
from extra_container.health import check as checks
from extra_container.model import events
from extra_container.model.errors import ExtraContainerError
from extra_container.model.frozen import replace
from extra_container.model.plans import Failure, Left, RunState
from extra_container.pipeline import control, rollback
from extra_container.pipeline.history import returning

if TYPE_CHECKING:
    from extra_container.generations.values import Generation, History
    from extra_container.model.values import BuildResult, Request
    from extra_container.pipeline.context import Context

# It is not there any more, or cannot be removed: there is nothing to go back from.
_GONE = frozenset({Left.REMOVED, Left.STUCK, Left.STOPPED})


class Create(Protocol):
    """Does what a request asks for with a build; the lock is held."""

    def __call__(
        self,
        request: Request,
        result: BuildResult,
        context: Context,
        check: None = None,
        selected: Mapping[str, Generation] = ...,
    ) -> RunState:
        """Install it, and start, update or restart."""


def rescue(state: RunState, request: Request, context: Context, create: Create) -> RunState:
    """Let the containers that failed go back that are to; return what came of all. The caller holds the lock."""
    left, failures = dict(state.left), []
    items = {item.name: item for item in state.plan.items}
    for failure in state.failures:
        if rollback.goes_back(request, items[failure.name].container) and left.get(failure.name) not in _GONE:
            fate, told = _rescue_one(failure, state, context, create)
            left[failure.name] = fate
            context.emit(events.ContainerLeft(name=failure.name, left=fate))
            failures.append(replace(failure, details=(*failure.details, *told)))
        else:
            failures.append(failure)
    return replace(state, failures=tuple(failures), left=left)


def _rescue_one(failure: Failure, state: RunState, context: Context, create: Create) -> tuple[Left, tuple[str, ...]]:
    """Return what became of a container, and what there is to tell of it."""
    name, fate = failure.name, state.left.get(failure.name)
    try:
        history = store.read(name, context.host)
        current = history.get(history.current)
        if _is_back(name, fate, current, state):
            return Left.RETURNED, (_told(current),) if current is not None else ()
        one = target(history)
        if one is None:
            return fate or Left.KEPT, ("There is no earlier generation to go back to.",)
        context.tell(f"{name} goes back to generation {one.number}...")
        # What a system that is not healthy has left behind may be anything; a restart leaves nothing of it.
        lost = _go_back(one, context, create, restart=fate is Left.UNHEALTHY)
    except (OSError, ExtraContainerError) as error:
        return Left.ASTRAY, (f"Going back failed: {error}",)
    if lost:
        return Left.ASTRAY, tuple(f"Going back to generation {one.number} failed: {one_.message}" for one_ in lost)
    return Left.RETURNED, (_told(one),)


def _is_back(name: str, fate: Left | None, current: Generation | None, state: RunState) -> bool:
    """Whether the start that failed has been taken back, and what was there before is known of no failure."""
    if current is not None and current.verdict is Verdict.FAILED:
        return False
    # One that ran before and is only installed again did not start any more.
    return fate is Left.RESTARTED or (fate is Left.RESTORED and name not in state.done.restart)


def target(history: History) -> Generation | None:
    """Return what to go back to: the newest earlier generation that was healthy, or is known to come up."""
    for one in history.before():
        if one.verdict is Verdict.HEALTHY or (one.good and not _has_check(one)):
            return one
    return history.good_before()


def _has_check(one: Generation) -> bool:
    found = checks.read(one.system)
    return found is not None and found.program is not None


def _go_back(one: Generation, context: Context, create: Create, *, restart: bool) -> tuple[Failure, ...]:
    """Make a generation the one that is installed and runs; return what kept it from that."""
    request = replace(returning.request_for(one, start=True), restart_changed=restart)
    build = returning.built(one, request, context)
    back = create(request, build, context, None, {one.container: one})
    if not back.failures:
        return ()
    # What cannot be switched while it runs may start.
    if store.read(one.container, context.host).current != one.number:
        return back.failures
    control.shut_down((one.container,), context)
    return rollback.start_again((one.container,), context)


def _told(one: Generation) -> str:
    return f"It is generation {one.number} again."
