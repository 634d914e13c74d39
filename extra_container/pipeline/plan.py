"""What to do with containers once they are installed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

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


def plan_nothing(request: Request, plan: InstallPlan, states: Mapping[str, UnitState]) -> tuple[str, ...]:
    """Return the changed containers that are to be updated or restarted and do not run."""
    if request.start or not (request.update_changed or request.restart_changed):
        return ()
    changed = (item.name for item in plan.items if item.change is not Change.UNCHANGED)
    return tuple(name for name in changed if states[name].at_rest)
