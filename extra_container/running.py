"""Starting, updating and restarting what a plan says."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from extra_container import containers, control, events
from extra_container.context import Context
from extra_container.errors import ContainerError
from extra_container.model import Request
from extra_container.plans import Failure, InstallPlan, RunPlan, RunState


def run(run_plan: RunPlan, plan: InstallPlan, context: Context) -> tuple[Failure, ...]:
    """Update, start and restart as planned; return what failed."""
    failures: list[Failure] = []
    restart = list(run_plan.restart)
    if run_plan.start:
        context.emit(events.Starting(names=run_plan.start))
    failures += context.host.manager.start([*run_plan.start, *restart]) if run_plan.start or restart else ()
    if run_plan.update:
        context.emit(events.Updating(names=run_plan.update))
        again, failed = _update(run_plan.update, plan, context)
        failures += failed
        if again:
            context.emit(events.Restarting(names=again))
            control.stop(again, context)
            failures += context.host.manager.start(again)
    for failure in failures:
        context.emit(events.ContainerFailed(failure=failure))
    return tuple(failures)


def require_success(state: RunState, request: Request) -> None:
    """Raise one :class:`~extra_container.errors.ContainerError` that names every container that failed."""
    if state.failures:
        lines = [
            control.describe(failure, "update" if failure.name in state.done.update else "start")
            for failure in state.failures
        ]
        raise ContainerError("\n".join(lines), hint=aftermath(state, request))


def aftermath(state: RunState, request: Request) -> str:
    """Return what became of the containers that failed. Pure."""
    failed = {failure.name for failure in state.failures}
    if failed & set(state.done.update):
        return "It still runs; look at it with `extra-container root-login NAME`, or restart it."
    if request.keep_failed:
        return "It stays installed; `extra-container destroy NAME` removes it."
    return "The host is as before; --keep-failed leaves it installed, to look at it."


def _update(
    wanted: tuple[str, ...], plan: InstallPlan, context: Context
) -> tuple[tuple[str, ...], tuple[Failure, ...]]:
    settings = {item.name: item.container.settings for item in plan.items}
    leaders = {name: context.host.manager.leader(name) for name in wanted}
    failures = [
        Failure(name=name, message="it ended while it was to be updated") for name in wanted if leaders[name] is None
    ]
    again = []
    running = [(name, leader) for name, leader in leaders.items() if leader is not None]
    with ThreadPoolExecutor(max_workers=max(len(running), 1)) as pool:
        switches = pool.map(
            lambda pair: containers.update(pair[0], pair[1], settings[pair[0]], context.runner), running
        )
        for switch in switches:
            context.emit(events.ContainerUpdated(name=switch.name, code=switch.code, output=switch.output))
            if switch.code == containers.SWITCH_NEEDS_RESTART:
                again.append(switch.name)
            elif switch.code != 0:
                message = f"switch-to-configuration ended with code {switch.code}"
                failures.append(Failure(name=switch.name, message=message))
    return tuple(again), tuple(failures)
