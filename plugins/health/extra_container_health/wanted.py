"""Whose health is waited for, and how long."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from extra_container.plugin import HealthCheck, leaders, proc, read_health_check
from extra_container_health.waiting import Patient, started

if TYPE_CHECKING:
    from extra_container.plugin import Host, InstallPlan, Request, RunPlan

# Beside what the check itself asks for.
_SECONDS = 300.0
_SETTLE = 3.0
# Who wants to go back from what fails is patient with what fails late.
_SETTLE_LONG = 15.0


def patients(plan: RunPlan, install: InstallPlan, host: Host, request: Request, since: float) -> tuple[Patient, ...]:
    """Return the containers whose health is waited for.

    Asked for by options, all that run are meant; else those that were started or updated and have a check of their own,
    or are to go back from what fails.
    """
    asked = bool(request.options.get("wait") or request.options.get("check"))
    done = {*plan.start, *plan.update, *plan.restart}
    checks = {item.name: read_health_check(item.container.settings.get("SYSTEM_PATH")) for item in install.items}
    for_all = request.rollback_on_failure
    waited_for = [name for name, own in checks.items() if asked or (name in done and (for_all or own is not None))]
    running = leaders(waited_for, host.manager)
    found = []
    for item in install.items:
        check = checks[item.name] or HealthCheck()
        rollback = request.rollback_on_failure or check.rollback
        leader = running.get(item.name)
        init = None if leader is None else proc.identify(leader)
        if init is not None:
            updated = item.name in plan.update
            found.append(_patient(item.name, init, check, request, since=since, updated=updated, rollback=rollback))
    return tuple(found)


def _patient(
    name: str, init: proc.Process, check: HealthCheck, request: Request, *, since: float, updated: bool, rollback: bool
) -> Patient:
    now = time.monotonic()
    limit = request.options.get("timeout")
    timeout = limit if isinstance(limit, float) else _SECONDS + check.start_period + check.retries * check.interval
    given = request.options.get("check")
    own = None if check.program is None else (check.program, "probe")
    return Patient(
        name=name,
        init=init,
        check=check,
        command=("sh", "-c", str(given)) if given else own,
        since=since if updated else 0.0,
        start=(now if updated else started(init)) + check.start_period,
        until=now + timeout,
        timeout=timeout,
        settle=_SETTLE_LONG if rollback else _SETTLE,
    )
