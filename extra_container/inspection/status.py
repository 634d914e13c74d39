"""How containers are: up or not and since when, what they take, whether they are what was installed.

All of them are asked together: the number of programs that are run does not depend on the number of containers, but for
what only the container itself knows.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container import proc
from extra_container.inspection.cgroup import NO_USAGE, Cgroups, Usage
from extra_container.inspection.failed_units import failed_units
from extra_container.model import layout
from extra_container.model.errors import ExtraContainerError
from extra_container.model.frozen import dataclass
from extra_container.model.host import ActiveState, UnitDetails, UnitState, describe
from extra_container.model.plans import Change
from extra_container.provenance import records
from extra_container.provenance.values import describe as describe_source
from extra_container.state import installed, pending
from extra_container.state.addresses import network_of

if TYPE_CHECKING:
    from extra_container.health.report import Health
    from extra_container.inspection.check import Verdict
    from extra_container.inspection.rollout import Rollout
    from extra_container.model.host import Host
    from extra_container.model.values import Installed, InstalledContainer
    from extra_container.pipeline.context import Context

GONE = "gone"
_UP = "up"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerStatus:
    """How a container is.

    ``state`` is ``up``, ``down``, ``failed``, ``starting``, ``restarting`` (it failed, and the manager tries again),
    ``stopping``, or ``gone`` for a name without a container. ``since`` is when it got there, in seconds since the
    epoch, and ``uptime`` how long it has been up, in seconds. ``lacks`` is what the running container has not got of
    what is installed; None for one that does not run, or where nobody may look. ``failed_units`` are those inside of a
    container that is up; ``health`` is what its own check says, None if it has none. ``reason`` is systemd's word for
    why it failed, ``restarts`` how often the manager started it again by itself, and ``journal`` what was written last
    of one that failed. ``definition`` is what people call the definition that it came from, and ``verdict`` whether it
    is what that says; None where nobody asked. ``rollout`` is how far it is with what was brought to it last.
    """

    name: str
    state: str
    leader: int | None = None
    since: float | None = None
    uptime: float | None = None
    address: str | None = None
    usage: Usage = NO_USAGE
    lacks: Change | None = None
    failed_units: tuple[str, ...] | None = None
    health: Health | None = None
    reason: str | None = None
    restarts: int = 0
    journal: tuple[str, ...] = ()
    definition: str | None = None
    verdict: Verdict | None = None
    rollout: Rollout | None = None

    @property
    def as_installed(self) -> bool | None:
        """Whether what runs is what is installed."""
        return None if self.lacks is None else self.lacks is Change.UNCHANGED


def word(state: UnitState) -> str:
    """Return what a container's state is called. Pure."""
    if state.up:
        return _UP
    match state.active:
        case ActiveState.FAILED:
            return "failed"
        case ActiveState.ACTIVATING:
            return "restarting" if state.failing else "starting"
        case ActiveState.DEACTIVATING:
            return "stopping"
        case _:
            return "down"


def read(
    wanted: Sequence[str], context: Context, *, lines: int = 0, check: bool = False
) -> tuple[ContainerStatus, ...]:
    """Return how containers are, in the order given.

    ``lines`` is how much of the journal is wanted of one that failed; with ``check`` the definitions are evaluated. A
    container that goes away meanwhile is told as far as it was seen.
    """
    from extra_container.pipeline import control

    ours = installed.find_all(wanted, context.host.gc_roots)
    present = [name for name in wanted if name in ours or control.find_conf(name) is not None]
    details = describe(present, context.host.manager)
    found = _Found.of(details, ours, context, check=check)
    every = {name: _status(name, one, found, context, lines) for name, one in details.items()}
    return tuple(every.get(name) or ContainerStatus(name=name, state=GONE) for name in wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What was asked for all containers together; ``now`` is when, in seconds since the epoch."""

    now: float
    ours: Installed
    cgroups: Cgroups
    failed: Mapping[str, tuple[str, ...] | None]
    lacking: Mapping[str, Change]
    verdicts: Mapping[str, Verdict]

    @classmethod
    def of(cls, details: Mapping[str, UnitDetails], ours: Installed, context: Context, *, check: bool) -> _Found:
        leaders = {name: one.leader for name, one in details.items() if one.leader is not None}
        up = {name: pid for name, pid in leaders.items() if details[name].state.up}
        return cls(
            now=time.time(),
            ours=ours,
            cgroups=Cgroups(),
            failed=failed_units(up, context),
            lacking=_lacking(leaders, context.host),
            verdicts=_verdicts([ours[name] for name in details if name in ours], context) if check else {},
        )


def _verdicts(containers: Sequence[InstalledContainer], context: Context) -> Mapping[str, Verdict]:
    from extra_container.inspection.check import check

    return check(containers, context)


def _lacking(running: Iterable[str], host: Host) -> Mapping[str, Change]:
    """Return what containers have not got yet by the records; one that cannot be read says nothing."""
    names = tuple(running)
    try:
        return pending.look(names, host)
    except OSError:
        found: dict[str, Change] = {}
        for name in names:
            with suppress(OSError):
                found |= pending.look((name,), host)
    return found


def _status(name: str, details: UnitDetails, found: _Found, context: Context, lines: int) -> ContainerStatus:
    state, leader = details.state, details.leader
    failed = state.active is ActiveState.FAILED or state.failing
    lacks = None if leader is None else _lacks(name, leader, found)
    return ContainerStatus(
        name=name,
        state=word(state),
        leader=leader,
        since=details.since,
        uptime=max(found.now - details.since, 0.0) if state.up and details.since is not None else None,
        address=_address(name, leader, found, context),
        usage=NO_USAGE if leader is None else found.cgroups.usage(leader, layout.unit_name(name)),
        lacks=lacks,
        failed_units=found.failed.get(name),
        health=_health(name, leader, found) if state.up and leader is not None else None,
        restarts=details.restarts,
        reason=state.result if failed and state.result != "success" else None,
        journal=_journal(name, lines, context) if failed and lines else (),
        definition=_definition(name, found, context),
        verdict=found.verdicts.get(name),
        rollout=_rollout(name, lacks, found, context),
    )


def _health(name: str, leader: int, found: _Found) -> Health | None:
    from extra_container.health import report

    return report.read(leader, found.ours[name].settings.get("SYSTEM_PATH") if name in found.ours else None)


def _definition(name: str, found: _Found, context: Context) -> str | None:
    known = records.read(found.ours[name], context.host) if name in found.ours else None
    return None if known is None else describe_source(known.request.source, known.request.attr_path)


def _rollout(name: str, lacks: Change | None, found: _Found, context: Context) -> Rollout | None:
    from extra_container.inspection import rollout

    with suppress(OSError):  # what is known of others is not to be lost for it
        return rollout.read(found.ours[name], lacks, context.host) if name in found.ours else None
    return None


def _address(name: str, leader: int | None, found: _Found, context: Context) -> str | None:
    """Return the address that the definition gives, or else the one that a running container got."""
    from extra_container.pipeline import control

    try:
        ours = found.ours.get(name)
        network = control.network(name, context) if ours is None else network_of(ours.settings, ours.unit_text)
    except ExtraContainerError:
        return None  # it has just gone, or its conf cannot be read
    if network.address or network.is_shared or leader is None:
        return network.address or None
    return next(iter(proc.addresses(leader)), None)


def _lacks(name: str, leader: int, found: _Found) -> Change | None:
    """Return what a running container lacks: by the record of what was installed, and by the system that it runs."""
    lacking = found.lacking.get(name)
    if lacking is not None and lacking is not Change.SYSTEM:
        return lacking
    system = found.ours[name].settings.get("SYSTEM_PATH") if name in found.ours else None
    if system is None:
        return lacking
    try:
        runs = Path(f"/proc/{leader}/root/run/current-system").readlink()
    except FileNotFoundError:
        return lacking or Change.UNCHANGED  # it is no NixOS
    except OSError:
        return lacking  # not this user's to see
    # A switch of which something failed stays on record, although it has been done.
    return Change.UNCHANGED if runs == Path(system).resolve() else Change.SYSTEM


def _journal(name: str, lines: int, context: Context) -> tuple[str, ...]:
    try:
        return context.host.manager.journal(name, lines)
    except ExtraContainerError as error:
        return (f"(the journal cannot be read: {error.message.splitlines()[0]})",)


def names(wanted: Collection[str], context: Context) -> tuple[str, ...]:
    """Return the names that are asked for; without any, those of all installed containers."""
    return tuple(dict.fromkeys(wanted)) or tuple(installed.names(context.host.gc_roots))
