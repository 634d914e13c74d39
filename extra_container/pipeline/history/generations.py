"""Generations made along with installations: which numbers they have, and how containers did with them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from extra_container.generations import store
from extra_container.generations.values import Generation, History, Verdict
from extra_container.health import report
from extra_container.model import events
from extra_container.model.errors import InstallError
from extra_container.model.frozen import replace
from extra_container.model.host import Host, leaders
from extra_container.model.plans import Change, Failure, InstallItem, InstallPlan, Left, RunPlan
from extra_container.model.values import FileOps, Installed, InstalledContainer, Problem, Severity
from extra_container.pipeline import inside
from extra_container.pipeline.context import Context
from extra_container.provenance import records
from extra_container.provenance.values import Provenance
from extra_container.state import pending

# What is known to be good stays known.
_RANK = (Verdict.UNTRIED, Verdict.FAILED, Verdict.UP, Verdict.HEALTHY)
# The installation was taken back, and with it the links of its generation.
_TAKEN_BACK = frozenset({Left.REMOVED, Left.RESTORED, Left.RESTARTED})


def numbered(
    plan: InstallPlan,
    present: Installed,
    selected: Mapping[str, Generation],
    origins: Mapping[str, Provenance],
    context: Context,
) -> InstallPlan:
    """Return a plan whose links are those of generations, too.

    Each container that is changed gets a new one, unless it is one of those that are ``selected``. What is installed
    and belongs to no generation gets one first, so that it can come back. ``origins`` is where the containers come
    from. Raises :class:`.InstallError`.
    """
    try:
        return replace(
            plan,
            items=tuple(
                _numbered(item, present.get(item.name), selected.get(item.name), origins.get(item.name), context)
                for item in plan.items
            ),
        )
    except OSError as error:
        message = f"The generations of containers cannot be written: {error.filename}: {error.strerror}"
        raise InstallError(message, hint="Nothing was changed.") from error


def _numbered(
    item: InstallItem,
    present: InstalledContainer | None,
    selected: Generation | None,
    origin: Provenance | None,
    context: Context,
) -> InstallItem:
    host = context.host
    if not item.ops and selected is None:
        return item
    current = None if present is None else store.current(item.name, present.unit, present.conf, host)
    kept = present if current is None else None
    if selected is not None:
        if current is not None and current.number == selected.number:
            return item
        ops, _ = _kept(item.name, kept, context)
        return replace(item, ops=(*item.ops, *ops, *store.select(item.name, selected.number, host)))
    if current is not None and _is_as(current, item):
        return item  # links that somebody removed come back
    ops, last = _kept(item.name, kept, context)
    new = _new(item, last + 1, origin)
    return replace(item, ops=(*item.ops, *ops, *store.prepare(new, host), *store.select(item.name, new.number, host)))


def _is_as(current: Generation, item: InstallItem) -> bool:
    pulled = current.pulled_in_by
    return current.is_of(item.container.unit, item.container.conf) and pulled in {None, item.container.pulled_in_by}


def _new(item: InstallItem, number: int, origin: Provenance | None) -> Generation:
    container = item.container
    return Generation(
        container=item.name,
        number=number,
        unit=container.unit,
        conf=container.conf,
        system=store.system_of(container.settings),
        time=time.time(),
        change=item.change,
        differences=item.differences,
        pulled_in_by=container.pulled_in_by,
        provenance=origin,
    )


def _kept(name: str, present: InstalledContainer | None, context: Context) -> tuple[FileOps, int]:
    """Return what makes a generation of what is installed and is none yet, and the highest number after that."""
    last = store.last(name, context.host)
    if present is None or present.unit is None or present.conf is None:
        return (), last
    one = Generation(
        container=present.name,
        number=last + 1,
        unit=present.unit,
        conf=present.conf,
        system=store.system_of(present.settings),
        time=present.unit_link.lstat().st_mtime,
        pulled_in_by=present.pulled_in_by,
        provenance=records.read(present, context.host),
    )
    return store.prepare(one, context.host), one.number


def settle(
    plan: InstallPlan, done: RunPlan, failures: Iterable[Failure], left: Mapping[str, Left], context: Context
) -> None:
    """Remember how containers did, and throw away what is left of installations that were taken back.

    That this cannot be written is told, and no failure.
    """
    failed = {failure.name: failure.message for failure in failures}
    came_up = {*done.start, *done.update, *done.restart}.difference(failed)
    verdicts = _verdicts((item for item in plan.items if item.name in came_up), context)
    for item in plan.items:
        if not (item.ops or item.name in came_up or item.name in failed):
            continue
        try:
            taken_back = left.get(item.name) in _TAKEN_BACK
            _settle(item, verdicts.get(item.name), failed, context.host, taken_back=taken_back)
        except OSError as error:
            message = f"How {item.name} did cannot be written down: {error.filename}: {error.strerror}"
            context.emit(events.ProblemFound(problem=Problem(message=message, severity=Severity.WARNING)))


def _settle(
    item: InstallItem, verdict: Verdict | None, failed: Mapping[str, str], host: Host, *, taken_back: bool
) -> None:
    name = item.name
    store.tidy(name, host)
    if taken_back or (verdict is None and name not in failed):
        return
    current = store.current(name, item.container.unit, item.container.conf, host)
    if current is None or (current.good and name in failed):
        return  # what fails in spite of that is not the generation's fault, as far as is known here
    if verdict is None:
        store.mark(name, current.number, Verdict.FAILED, host, reason=failed[name])
    else:
        store.mark(name, current.number, max(current.verdict, verdict, key=_RANK.index), host)


def _verdicts(came_up: Iterable[InstallItem], context: Context) -> Mapping[str, Verdict]:
    systems = {item.name: item.container.settings.get("SYSTEM_PATH") for item in came_up}
    return {
        name: _verdict(leader, systems[name]) for name, leader in leaders(tuple(systems), context.host.manager).items()
    }


def _verdict(leader: int | None, system: str | None) -> Verdict:
    health = None if leader is None else report.read(leader, system)
    return Verdict.HEALTHY if health is not None and health.word is report.Word.HEALTHY else Verdict.UP


def tidy(names: Iterable[str], context: Context) -> None:
    """Remove what belongs to no generation of containers of which a change was broken off."""
    for name in names:
        with suppress(OSError):  # the next change of that container does it
            store.tidy(name, context.host)


def give_up(plan: InstallPlan, context: Context) -> None:
    """Throw away what was written down of generations whose installation was taken back, before anything started."""
    tidy((item.name for item in plan.items), context)
    for item in plan.items:
        if item.change is Change.NEW and not store.read(item.name, context.host).generations:
            with suppress(InstallError):  # as above
                store.forget(item.name, context.host)


def with_running_system(history: History, context: Context) -> frozenset[int]:
    """Return the generations whose system is the one that the container runs at this moment.

    None if it does not run, or only root may know.
    """
    return with_running_systems((history,), context)[history.container]


def with_running_systems(histories: Sequence[History], context: Context) -> Mapping[str, frozenset[int]]:
    """Return what :func:`with_running_system` does of each of several containers, by name; they are asked together."""
    found = leaders([history.container for history in histories], context.host.manager)
    return {history.container: _with_system_of(found[history.container], history) for history in histories}


def _with_system_of(leader: int | None, history: History) -> frozenset[int]:
    system = None if leader is None else inside.current_system(leader)
    if system is None:
        return frozenset()
    return frozenset(
        one.number for one in history.generations if one.system is not None and one.system.resolve() == system
    )


def running(history: History, context: Context) -> int | None:
    """Return the number of the generation that runs; None if the container does not run, or it cannot be known.

    Of generations with the same system it is the one that is installed, or else the newest, unless more of what is
    installed has not reached the container than its system.
    """
    alike = with_running_system(history, context)
    lacking = pending.look((history.container,), context.host).get(history.container, Change.UNCHANGED)
    if history.current in alike and lacking is not Change.OTHER:
        return history.current
    return max(alike.difference({history.current}), default=None)
