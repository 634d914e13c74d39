"""What to do with containers once they are installed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from extra_container.model.frozen import dataclass, replace
from extra_container.model.host import UnitState
from extra_container.model.plans import Change, InstallPlan, RunPlan
from extra_container.model.values import Request
from extra_container.state import pending


def plan_run(
    request: Request,
    plan: InstallPlan,
    states: Mapping[str, UnitState],
    lacking: Mapping[str, Change] = MappingProxyType({}),
    interrupted: frozenset[str] = frozenset(),
) -> RunPlan:
    """Decide which containers to start, update and restart.

    ``lacking`` is what running containers have not got of earlier installations, see :mod:`.pending`. ``interrupted``
    ran before a run that was broken off stopped them: they run again whatever was asked.
    """
    start, update, restart = [], [], []
    for item in plan.items:
        state = states[item.name]
        change = pending.greater(item.change, lacking.get(item.name, Change.UNCHANGED))
        if state.at_rest or (change is Change.UNCHANGED and not state.up):
            # A start that somebody began is joined.
            if request.start or item.name in interrupted:
                start.append(item.name)
        elif change is Change.UNCHANGED or not (request.start or request.update_changed or request.restart_changed):
            continue
        elif change is Change.SYSTEM and not request.restart_changed and state.up:
            update.append(item.name)
        else:
            restart.append(item.name)
    return RunPlan(start=tuple(start), update=tuple(update), restart=tuple(restart))


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
