"""Starting, updating and restarting what a plan says."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from extra_container.model import events
from extra_container.model.errors import ContainerError
from extra_container.model.plans import Failure, InstallPlan, Left, RunPlan, RunState
from extra_container.model.values import Request
from extra_container.pipeline import control, inside
from extra_container.pipeline.context import Context
from extra_container.process import result
from extra_container.state import pending
from extra_container.systemd.capacity import boots_at_once


def run(run_plan: RunPlan, plan: InstallPlan, context: Context) -> tuple[RunPlan, tuple[Failure, ...]]:
    """Update, start and restart as planned; return what was done and what failed.

    A container whose update asks for a restart has been restarted instead.
    """
    failures: list[Failure] = []
    restart = list(run_plan.restart)
    if run_plan.start:
        context.emit(events.Starting(names=run_plan.start))
    failures += context.host.manager.start([*run_plan.start, *restart]) if run_plan.start or restart else ()
    again: tuple[str, ...] = ()
    if run_plan.update:
        context.emit(events.Updating(names=run_plan.update))
        again, failed = _update(run_plan.update, plan, context)
        failures += failed
        if again:
            context.emit(events.Restarting(names=again))
            control.shut_down(again, context)
            failures += context.host.manager.start(again)
    for failure in failures:
        context.emit(events.ContainerFailed(failure=failure))
    updated = tuple(name for name in run_plan.update if name not in again)
    return replace(run_plan, update=updated, restart=tuple(sorted((*restart, *again)))), tuple(failures)


def require_success(state: RunState, request: Request | None = None) -> None:
    """Raise one :class:`.ContainerError` that names every container that failed.

    ``request`` is not looked at: what became of each container stands in ``state.left``.
    """
    del request
    if state.failures:
        lines = [
            control.describe(failure, "update" if failure.name in state.done.update else "start")
            for failure in state.failures
        ]
        raise ContainerError("\n".join(lines), hint=aftermath(state))


def aftermath(state: RunState) -> str:
    """Return what became of the containers that failed, a line for each kind of fate. Pure."""
    by_fate: dict[Left, list[str]] = {}
    for name in sorted({failure.name for failure in state.failures}):
        updated = name in state.done.update
        fate = state.left.get(name, Left.UPDATING if updated else Left.KEPT)
        by_fate.setdefault(fate, []).append(name)
    return "\n".join(_fate(fate, tuple(by_fate[fate])) for fate in Left if fate in by_fate)


def describe_interruption(run_plan: RunPlan, context: Context) -> str:
    """Return, for people, what containers do that are installed and whose start or update is not waited for."""
    told = []
    if begun := tuple(sorted((*run_plan.start, *run_plan.restart))):
        told.append(control.describe_boot(begun, context, installed_now=True))
    if run_plan.update:
        told.append(
            f"{_are(run_plan.update)} installed, but what runs may lack the update; "
            "`extra-container create --update-changed` makes up for it."
        )
    return " ".join(told)


def _fate(fate: Left, names: tuple[str, ...]) -> str:
    who, words = control.listed(names), " ".join(names)
    one = len(names) == 1
    it = "it" if one else "them"
    look = f"extra-container root-login {words if one else 'NAME'}"
    told = {
        Left.UPDATING: f"{who} still {'runs' if one else 'run'}, perhaps with parts of the new system; look with "
        f"`{look}`, or restart {it} with `extra-container restart {words}`.",
        Left.KEPT: f"{who} {'stays' if one else 'stay'} installed; `extra-container destroy {words}` removes {it}.",
        Left.REMOVED: f"{_are(names)} not installed, as before; --keep-failed leaves {it} installed, to look at {it}.",
        Left.RESTORED: f"{_are(names)} installed as before and {'does' if one else 'do'} not run.",
        Left.RESTARTED: f"{who} {'runs' if one else 'run'} again as before.",
        Left.STUCK: f"{_are(names)} still installed; `extra-container destroy {words}` tries again to remove {it}.",
        Left.CHANGED: f"{_are(names)} not as before; create {it} again from the earlier definition.",
    }
    return told[fate]


def _are(names: tuple[str, ...]) -> str:
    return f"{control.listed(names)} {'is' if len(names) == 1 else 'are'}"


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
    with (
        ThreadPoolExecutor(max_workers=boots_at_once()) as pool,
        context.runner.together(on=KeyboardInterrupt) as runner,  # what goes wrong with one switch ends no other
    ):
        switches = [pool.submit(inside.update, name, leader, settings[name], runner) for name, leader in running]
        for switch in map(result, switches):
            context.emit(events.ContainerUpdated(name=switch.name, code=switch.code, output=switch.output))
            if switch.code == inside.SWITCH_NEEDS_RESTART:
                again.append(switch.name)
            elif switch.code == 0:
                pending.forget((switch.name,), context.host)
            else:
                message = f"switch-to-configuration ended with code {switch.code}"
                failures.append(Failure(name=switch.name, message=message))
    return tuple(again), tuple(failures)
