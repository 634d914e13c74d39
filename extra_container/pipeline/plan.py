"""What to do with containers once they are installed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from extra_container.model.frozen import dataclass, replace
from extra_container.model.host import UnitState
from extra_container.model.plans import Change, InstallItem, InstallPlan, RunPlan
from extra_container.model.values import Request
from extra_container.state import pending


class Action(Enum):
    """What is done with a container once it is installed."""

    START = "start"
    UPDATE = "update"
    RESTART = "restart"


class Cause(Enum):
    """Why that is done, or why nothing is."""

    CHANGED = "changed"  # it runs, and is not as the definition says
    LACKING = "lacking"  # it runs, and something that was installed earlier has not reached it
    DOWN = "down"  # it does not run
    BOOTING = "booting"  # it is not up yet, so that nothing could be switched
    INTERRUPTED = "interrupted"  # it ran before a run that was broken off stopped it
    ASKED = "asked"  # a restart was asked for, though an update would do
    NEEDED = "needed"  # no update brings what changed, or what is lacking
    INHIBITED = "inhibited"  # the new system says itself that an update would not do, or has no means for one
    UNASKED = "unasked"  # nothing was asked that would do something about it


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do with one container: nothing if ``action`` is None."""

    action: Action | None
    causes: frozenset[Cause] = frozenset()


def decide(
    request: Request,
    item: InstallItem,
    state: UnitState,
    lacking: Change = Change.UNCHANGED,
    *,
    interrupted: bool = False,
) -> Decision:
    """Decide whether to start, update or restart a container.

    ``lacking`` is what it has not got of earlier installations, see :mod:`.pending`. An ``interrupted`` one ran before
    a run that was broken off stopped it: it runs again whatever was asked.
    """
    change = pending.greater(item.change, lacking)
    causes = set()
    if not state.up:
        causes.add(Cause.DOWN if state.at_rest else Cause.BOOTING)
    if state.at_rest or (change is Change.UNCHANGED and not state.up):
        # A start that somebody began is joined.
        if interrupted:
            causes.add(Cause.INTERRUPTED)
        if request.start or interrupted:
            return Decision(action=Action.START, causes=frozenset(causes))
        return Decision(action=None, causes=frozenset({*causes, Cause.UNASKED}))
    if change is Change.UNCHANGED:
        return Decision(action=None)
    if item.change is not Change.UNCHANGED:
        causes.add(Cause.CHANGED)
    if lacking is not Change.UNCHANGED:
        causes.add(Cause.LACKING)
    if not (request.start or request.update_changed or request.restart_changed):
        return Decision(action=None, causes=frozenset({*causes, Cause.UNASKED}))
    if change is Change.SYSTEM and not request.restart_changed and state.up:
        return Decision(action=Action.UPDATE, causes=frozenset(causes))
    causes.add(
        Cause.NEEDED if change is not Change.SYSTEM else Cause.ASKED if request.restart_changed else Cause.BOOTING
    )
    return Decision(action=Action.RESTART, causes=frozenset(causes))


def plan_run(
    request: Request,
    plan: InstallPlan,
    states: Mapping[str, UnitState],
    lacking: Mapping[str, Change] = MappingProxyType({}),
    interrupted: frozenset[str] = frozenset(),
) -> RunPlan:
    """Decide which containers to start, update and restart, see :func:`decide`."""
    actions = {
        item.name: decide(
            request,
            item,
            states[item.name],
            lacking.get(item.name, Change.UNCHANGED),
            interrupted=item.name in interrupted,
        ).action
        for item in plan.items
    }
    start, update, restart = (tuple(name for name in actions if actions[name] is action) for action in Action)
    return RunPlan(start=start, update=update, restart=restart)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Containers that are installed, and then run, together. ``later`` are those of the round after it."""

    plan: InstallPlan
    run_plan: RunPlan
    later: tuple[str, ...] = ()


def plan_rounds(plan: InstallPlan, run_plan: RunPlan) -> tuple[Round, ...]:
    """Decide what is done before what: updates are over when the first container is stopped for a restart.

    So it is with the bash tool, on whose order scripts rely.
    """
    if not (run_plan.update and run_plan.restart):
        return (Round(plan=plan, run_plan=run_plan),)
    first = tuple(item for item in plan.items if item.name not in run_plan.restart)
    second = tuple(item for item in plan.items if item.name in run_plan.restart)
    return (
        Round(plan=InstallPlan(items=first), run_plan=replace(run_plan, restart=()), later=run_plan.restart),
        Round(plan=InstallPlan(items=second), run_plan=RunPlan(restart=run_plan.restart)),
    )


def plan_nothing(request: Request, plan: InstallPlan, states: Mapping[str, UnitState]) -> tuple[str, ...]:
    """Return the changed containers that are to be updated or restarted and do not run."""
    if request.start or not (request.update_changed or request.restart_changed):
        return ()
    changed = (item.name for item in plan.items if item.change is not Change.UNCHANGED)
    return tuple(name for name in changed if states[name].at_rest)
