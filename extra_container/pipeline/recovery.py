"""What runs that were broken off left half done: links become those of one version, and what ran before runs again."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from extra_container.model import events
from extra_container.model.errors import ExtraContainerError
from extra_container.model.frozen import dataclass
from extra_container.model.host import ActiveState, UnitState
from extra_container.model.plans import Failure
from extra_container.model.values import FileOps, Link, Problem, Remove, Severity
from extra_container.pipeline import inside
from extra_container.pipeline.context import Context
from extra_container.state import files, pending, record
from extra_container.state.record import Links, Transition, UnreadableRecordError


class Recovery(Enum):
    """What becomes of a change that a run did not finish."""

    FORGET = "forget"  # the container is as one of both versions wants it
    LEAVE = "leave"  # it starts or stops at this moment: a later run sees
    RELINK = "relink"  # some links are new: the old ones come back
    BRING_BACK = "bring back"  # what ran before does not run: the old links come back, and it is started


def plan_recovery(transition: Transition, now: Links, state: UnitState) -> Recovery:
    """Decide what to do about an unfinished change. ``now`` is where its links lead. Pure."""
    whole = now in (transition.before, transition.after)
    if state.up:
        return Recovery.FORGET if whole else Recovery.RELINK
    if not state.at_rest and not state.failing:
        return Recovery.LEAVE if whole else Recovery.RELINK
    if transition.ran and not _ended_by_itself(transition, state):
        return Recovery.BRING_BACK
    return Recovery.FORGET if whole else Recovery.RELINK


def _ended_by_itself(transition: Transition, state: UnitState) -> bool:
    """Whether the container was started after the change began, and has ended in order: it is down on purpose."""
    return state.active is ActiveState.INACTIVE and state.started > transition.since and not transition.failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What :func:`recover` would do.

    ``brought_back`` are the changes whose old links would come back, by container. ``interrupted`` are the caller's
    containers that ran before, ``started`` others that would be started.
    """

    brought_back: Mapping[str, Transition]
    interrupted: frozenset[str] = frozenset()
    started: tuple[str, ...] = ()


def forecast(context: Context, mine: frozenset[str]) -> Forecast:
    """Return what :func:`recover` would do, and do nothing."""
    found = {
        name: transition
        for name, transition in record.unfinished(context.host)
        if not isinstance(transition, UnreadableRecordError)
    }
    decided = _decide(found, context) if found else {}
    restored = [name for name, what in decided.items() if what is Recovery.BRING_BACK]
    return Forecast(
        brought_back={
            name: found[name] for name, what in decided.items() if what in {Recovery.BRING_BACK, Recovery.RELINK}
        },
        interrupted=mine.intersection(restored),
        started=tuple(name for name in restored if name not in mine),
    )


def _decide(found: Mapping[str, Transition], context: Context) -> Mapping[str, Recovery]:
    states = context.host.manager.states(sorted(found))
    return {
        name: plan_recovery(transition, record.read_links({**transition.before, **transition.after}), states[name])
        for name, transition in found.items()
    }


def recover(context: Context, mine: frozenset[str]) -> frozenset[str]:
    """Finish or take back the changes of containers that a run left unfinished; the caller holds the lock.

    ``mine`` are the containers that the caller is about to change or destroy: their links are brought back as well, but
    they are not started. Returns those of them that ran before. What goes wrong is told and does not keep the run from
    its work.
    """
    found = {}
    for name, transition in record.unfinished(context.host):
        match transition:
            case UnreadableRecordError():
                _tell_unreadable(name, transition, context)
            case Transition():
                found[name] = transition
    if not found:
        return frozenset()
    to_start, relinked = [], False
    for name, what in _decide(found, context).items():
        transition = found[name]
        match what:
            case Recovery.LEAVE:
                continue
            case Recovery.FORGET:
                record.end((name,), context.host)
            case Recovery.RELINK:
                relinked |= _relink(name, transition, context)
            case Recovery.BRING_BACK:
                with inside.emptied((name,), context.host):
                    context.host.manager.kill((name,))
                relinked |= _relink(name, transition, context, keep=True)
                to_start.append(name)
    from extra_container.pipeline.history import generations

    generations.tidy(found, context)
    if relinked:
        context.host.manager.reload()
    _start(tuple(name for name in to_start if name not in mine), context)
    return mine.intersection(to_start)


def _relink(name: str, transition: Transition, context: Context, *, keep: bool = False) -> bool:
    """Bring the old links back; return whether that worked. With ``keep`` the record stays until the container runs."""
    try:
        files.install(_ops(transition.before)).forget()
        pending.write({name: transition.lacking}, context.host)
    except (OSError, ExtraContainerError) as error:
        _warn(f"What an interrupted run left of {name} cannot be taken back: {error}", context)
        return False
    if not keep:
        record.end((name,), context.host)
    return True


def _start(names: tuple[str, ...], context: Context) -> None:
    if not names:
        return
    context.host.manager.forget(names)
    failures = context.host.manager.start(names)
    context.hooks.after_start(names, failures, context.host, context.runner, context.request)
    failed: Mapping[str, Failure] = {failure.name: failure for failure in failures}
    for name in names:
        if name in failed:
            _warn(f"An interrupted run stopped {name}, which does not start again: {failed[name].message}", context)
        else:
            _warn(f"An interrupted run left {name} down; what ran before was started again", context)
    record.end(names, context.host)


def _ops(links: Links) -> FileOps:
    return tuple(
        Remove(path=path) if target is None else Link(path=path, target=target) for path, target in links.items()
    )


def _tell_unreadable(name: str, error: UnreadableRecordError, context: Context) -> None:
    if error.newer:
        _warn(f"{error.path} was written by a later version of extra-container: what it says is left alone", context)
        return
    _warn(f"{error.path} cannot be understood, so what an interrupted run left of {name} stays as it is", context)
    record.end((name,), context.host)


def _warn(message: str, context: Context) -> None:
    context.emit(events.ProblemFound(problem=Problem(message=message, severity=Severity.WARNING)))
