"""Finding out what a request would do: the host is looked at, and nothing is changed or locked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

from extra_container.model import host
from extra_container.model.errors import ProcessError
from extra_container.model.frozen import dataclass, replace
from extra_container.model.host import ActiveState, UnitState
from extra_container.model.plans import Change, InstallItem, InstallPlan
from extra_container.model.values import BuildResult, BuiltContainer, Installed, InstalledContainer, Request
from extra_container.nix import path_info, switch
from extra_container.nix import store as nix_store
from extra_container.nix.switch import Outcome, Rehearsal
from extra_container.pipeline import control, create, inside, recovery
from extra_container.pipeline.context import Context, report
from extra_container.pipeline.create import Outlook
from extra_container.pipeline.history import prune
from extra_container.pipeline.plan import Action, Cause, Decision, decide
from extra_container.pipeline.recovery import Forecast
from extra_container.preview import closures, scripts
from extra_container.preview.closures import ClosureChange
from extra_container.preview.scripts import ScriptChange
from extra_container.process import result as result_of
from extra_container.state import installed, pending
from extra_container.systemd import checks
from extra_container.systemd.capacity import boots_at_once
from extra_container.systemd.manager import SystemdManager


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """What would become of one container.

    ``lacking`` is what it has not got of earlier installations, ``installed`` are the unit and the conf in whose place
    the new ones come. ``decision`` is what is known to become of it: checks
    of the new system may make a restart of an update. ``rehearsal`` is there if it was to be updated, ``closure`` if it
    would be installed, or lacks something, and Nix can tell.
    """

    item: InstallItem
    state: UnitState
    lacking: Change
    decision: Decision
    installed: tuple[Path, ...] = ()
    scripts: tuple[ScriptChange, ...] = ()
    rehearsal: Rehearsal | None = None
    closure: ClosureChange | None = None

    @property
    def name(self) -> str:
        """The container's name."""
        return self.item.name

    @property
    def changes(self) -> bool:
        """Whether anything would be done."""
        return bool(self.item.ops) or self.decision.action is not None

    @property
    def has_news(self) -> bool:
        """Whether there is anything to tell: something would be done, or is still to be done."""
        return self.changes or self.lacking is not Change.UNCHANGED

    @property
    def refused(self) -> str | None:
        """Why its update is going to fail, None if that is not known."""
        check = None if self.rehearsal is None else self.rehearsal.check
        if check is None or switch.outcome_of(check) is not Outcome.FAILED:
            return None
        return switch.failure_of(check).message


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a request would do with a build; the containers are sorted by name.

    ``recovered`` is what would be done before, about a run that was broken off; ``pruned`` are the containers that
    would be destroyed in the end.
    """

    request: Request
    result: BuildResult
    containers: tuple[Prospect, ...]
    recovered: Forecast
    pruned: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether anything would be done."""
        recovered = self.recovered.brought_back or self.recovered.started
        return bool(recovered or self.pruned) or any(one.changes for one in self.containers)


def prospects(outlook: Outlook) -> tuple[Prospect, ...]:
    """Return what would become of each container, as far as it is decided without a look into any. Pure."""
    return tuple(_prospect(item, outlook) for item in outlook.plan.items)


def _prospect(item: InstallItem, outlook: Outlook) -> Prospect:
    state = outlook.seen.states[item.name]
    lacking = outlook.seen.lacking.get(item.name, Change.UNCHANGED)
    old = outlook.present.get(item.name)
    return Prospect(
        item=item,
        state=state,
        lacking=lacking,
        installed=() if old is None else tuple(file for file in (old.unit, old.conf) if file is not None),
        decision=decide(outlook.request, item, state, lacking, interrupted=item.name in outlook.interrupted),
    )


def preview(request: Request, result: BuildResult, context: Context) -> Preview:
    """Return what :func:`.create_built` would do.

    Raises the :class:`.ExtraContainerError` with which that would refuse a build before it changes anything.
    """
    forecast = recovery.forecast(context, frozenset(container.name for container in result.containers))
    outlook = _look(request, result, forecast, context)
    _check_units(outlook.plan, context)
    found = prospects(outlook)
    control.require_room(sum(one.decision.action is Action.START for one in found), context)
    leaders = host.leaders(sorted(outlook.seen.alive), context.host.manager)
    rehearsals = _rehearse((one for one in found if one.decision.action is Action.UPDATE), leaders, context)
    compared = _compare((one for one in found if one.has_news), outlook.present, leaders, context)
    return Preview(
        request=request,
        result=result,
        recovered=forecast,
        pruned=prune.orphans(request, result, context),
        containers=tuple(
            replace(
                one,
                decision=_checked(one.decision, rehearsals.get(one.name)),
                rehearsal=rehearsals.get(one.name),
                closure=compared.get(one.name),
                scripts=scripts.changes(one.item.differences),
            )
            for one in found
        ),
    )


def _look(request: Request, result: BuildResult, forecast: Forecast, context: Context) -> Outlook:
    """Look at the host as it will be when what a run that was broken off left is taken back."""
    present = dict(installed.read(context.host.gc_roots))
    for name, transition in forecast.brought_back.items():
        before = installed.as_if(name, transition.before, present.pop(name, None))
        if before is not None:
            present[name] = before
    outlook = create.look(
        request, result, context, forecast.interrupted, present=MappingProxyType(present), lacking=pending.look
    )
    lacking = {
        name: transition.lacking
        for name, transition in forecast.brought_back.items()
        if transition.lacking is not Change.UNCHANGED
    }
    others = {name: change for name, change in outlook.seen.lacking.items() if name not in forecast.brought_back}
    states = {
        name: replace(state, active=ActiveState.INACTIVE) if name in forecast.interrupted else state
        for name, state in outlook.seen.states.items()
    }
    return replace(outlook, seen=replace(outlook.seen, states=states, lacking={**others, **lacking}))


def _check_units(plan: InstallPlan, context: Context) -> None:
    """Raise what :func:`.create_built` would raise if systemd does not use what is to be installed."""
    if not isinstance(context.host.manager, SystemdManager):
        return
    if all(item.change is Change.UNCHANGED for item in plan.items):
        return
    with suppress(ProcessError):  # without an answer nothing is known to be wrong
        report(checks.foreseen_problems(plan, context.host, checks.read_unit_path(context.runner)), context)


def _checked(decision: Decision, rehearsal: Rehearsal | None) -> Decision:
    """Return the decision that an update ends with whose checks say that only a restart will do."""
    check = None if rehearsal is None else rehearsal.check
    if check is None or switch.outcome_of(check) is not Outcome.RESTART:
        return decision
    return Decision(action=Action.RESTART, causes=decision.causes | {Cause.INHIBITED})


def _rehearse(
    containers: Iterable[Prospect], leaders: Mapping[str, int | None], context: Context
) -> Mapping[str, Rehearsal]:
    with ThreadPoolExecutor(max_workers=boots_at_once()) as pool, context.runner.together() as runner:
        asked = {
            one.name: pool.submit(inside.rehearse, one.name, leader, one.item.container.settings, runner)
            for one in containers
            if (leader := leaders[one.name]) is not None
        }
        return {name: result_of(future) for name, future in asked.items()}


def _compare(
    containers: Iterable[Prospect], present: Installed, leaders: Mapping[str, int | None], context: Context
) -> Mapping[str, ClosureChange]:
    """Return how the closures of containers change: from what runs, or is installed, to what is built."""
    store = nix_store.store(context.runner)
    roots = {one.name: _roots(one.item, present, leaders.get(one.name), store) for one in containers}
    try:
        known = path_info.of_closures(
            (path for both in roots.values() for side in both for path in side), context.runner
        )
    except (ProcessError, ValueError) as error:
        context.tell(f"How the closures differ is not known: {error}")
        return {}
    return {name: closures.compare(before, after, known) for name, (before, after) in roots.items() if after}


def _roots(
    item: InstallItem, present: Installed, leader: int | None, store: Path
) -> tuple[frozenset[str], frozenset[str]]:
    old, new = present.get(item.name), item.container
    running = None if leader is None else inside.current_system(leader)
    before = () if old is None else (old.unit, running or _system(old))
    return _in_store(before, store), _in_store((new.unit, _system(new)), store)


def _system(container: BuiltContainer | InstalledContainer) -> Path | None:
    system = container.settings.get("SYSTEM_PATH")
    return None if system is None else Path(system).resolve()


def _in_store(files: Iterable[Path | None], store: Path) -> frozenset[str]:
    """Return the store paths that files belong to; those that are not there any more are left out."""
    found = set()
    for file in files:
        if file is not None and file.is_relative_to(store) and file != store:
            path = store / file.relative_to(store).parts[0]
            with suppress(OSError):
                path.lstat()
                found.add(str(path))
    return frozenset(found)
