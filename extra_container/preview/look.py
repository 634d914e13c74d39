"""Finding out what a request would do: the host is looked at, and nothing is changed or locked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from extra_container.model import host
from extra_container.model.errors import ProcessError
from extra_container.model.frozen import dataclass
from extra_container.model.host import UnitState
from extra_container.model.plans import Change, InstallItem
from extra_container.model.values import BuildResult, BuiltContainer, Installed, InstalledContainer, Request
from extra_container.nix import path_info, switch
from extra_container.nix import store as nix_store
from extra_container.nix.switch import Outcome, Rehearsal
from extra_container.pipeline import control, create, inside
from extra_container.pipeline.context import Context
from extra_container.pipeline.plan import Action, Cause, Decision, decide
from extra_container.preview import closures
from extra_container.preview.closures import ClosureChange
from extra_container.process import result as result_of
from extra_container.state import installed, pending
from extra_container.systemd.capacity import boots_at_once


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """What would become of one container.

    ``lacking`` is what it has not got of earlier installations. ``decision`` is what is known to become of it: checks
    of the new system may make a restart of an update. ``rehearsal`` is there if it was to be updated, ``closure`` if it
    would be installed, or lacks something, and Nix can tell.
    """

    item: InstallItem
    state: UnitState
    lacking: Change
    decision: Decision
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
    def refused(self) -> str | None:
        """Why its update is going to fail, None if that is not known."""
        check = None if self.rehearsal is None else self.rehearsal.check
        if check is None or switch.outcome_of(check) is not Outcome.FAILED:
            return None
        return switch.failure_of(check).message


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a request would do with a build; the containers are sorted by name."""

    request: Request
    result: BuildResult
    containers: tuple[Prospect, ...]

    @property
    def changes(self) -> bool:
        """Whether anything would be done."""
        return any(one.changes for one in self.containers)


def preview(request: Request, result: BuildResult, context: Context) -> Preview:
    """Return what :func:`.create_built` would do.

    Raises the :class:`.ExtraContainerError` with which that would refuse a build before it changes anything.
    """
    plan = create.plan_install(result, context)
    seen = create.observe(plan, context, pending.look)
    decisions = {
        item.name: decide(request, item, seen.states[item.name], seen.lacking.get(item.name, Change.UNCHANGED))
        for item in plan.items
    }
    control.require_room(sum(one.action is Action.START for one in decisions.values()), context)
    leaders = host.leaders(sorted(seen.alive), context.host.manager)
    updated = [item for item in plan.items if decisions[item.name].action is Action.UPDATE]
    rehearsals = _rehearse(updated, leaders, context)
    changed = [item for item in plan.items if item.change is not Change.UNCHANGED or item.name in seen.lacking]
    compared = _compare(changed, leaders, context)
    return Preview(
        request=request,
        result=result,
        containers=tuple(
            Prospect(
                item=item,
                state=seen.states[item.name],
                lacking=seen.lacking.get(item.name, Change.UNCHANGED),
                decision=_checked(decisions[item.name], rehearsals.get(item.name)),
                rehearsal=rehearsals.get(item.name),
                closure=compared.get(item.name),
            )
            for item in plan.items
        ),
    )


def _checked(decision: Decision, rehearsal: Rehearsal | None) -> Decision:
    """Return the decision that an update ends with whose checks say that only a restart will do."""
    check = None if rehearsal is None else rehearsal.check
    if check is None or switch.outcome_of(check) is not Outcome.RESTART:
        return decision
    return Decision(action=Action.RESTART, causes=decision.causes | {Cause.INHIBITED})


def _rehearse(
    items: Iterable[InstallItem], leaders: Mapping[str, int | None], context: Context
) -> Mapping[str, Rehearsal]:
    with ThreadPoolExecutor(max_workers=boots_at_once()) as pool, context.runner.together() as runner:
        asked = {
            item.name: pool.submit(inside.rehearse, item.name, leader, item.container.settings, runner)
            for item in items
            if (leader := leaders[item.name]) is not None
        }
        return {name: result_of(future) for name, future in asked.items()}


def _compare(
    items: Iterable[InstallItem], leaders: Mapping[str, int | None], context: Context
) -> Mapping[str, ClosureChange]:
    """Return how the closures of containers change: from what runs, or is installed, to what is built."""
    store = nix_store.store(context.runner)
    present = installed.read(context.host.gc_roots)
    roots = {item.name: _roots(item, present, leaders.get(item.name), store) for item in items}
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
