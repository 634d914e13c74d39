"""What is decided and what came of it: install plans, run plans, failures, sessions.

Like :mod:`extra_container.model.values`, frozen values and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING

from extra_container.model.frozen import dataclass, field

if TYPE_CHECKING:
    from extra_container.model.values import BuildResult, BuiltContainer, FileOps


class Change(Enum):
    """How a built container differs from the installed one."""

    NEW = "new"
    UNCHANGED = "unchanged"  # unit and conf are the installed ones
    SYSTEM = "system"  # they differ only in what a live update brings: the system, and what calls for a reload
    OTHER = "other"


class Place(Enum):
    """Where a built container is found to differ from the installed one."""

    UNIT = "unit"  # a line of the unit
    CONF = "conf"  # a line of the conf
    TRIGGER = "trigger"  # one of the unit's restart triggers
    LINK = "link"  # where the link to the unit, or to the conf, stands


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference between a built container and the installed one.

    ``before`` and ``after`` are the line, the trigger or the path, None where there is none. ``live`` is whether a live
    update brings it; anything else needs a restart.
    """

    place: Place
    before: str | None
    after: str | None
    live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallItem:
    """One container of an :class:`InstallPlan`: ``ops`` put it in place, in order.

    ``differences`` tell people what ``change`` stands for; a new or unchanged container has none. ``extra`` are
    those of ``ops`` that plugins add; the program itself notes them.
    """

    container: BuiltContainer
    change: Change
    ops: FileOps = ()
    differences: tuple[Difference, ...] = ()
    extra: FileOps = ()

    @property
    def name(self) -> str:
        """The container's name."""
        return self.container.name


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallPlan:
    """What to install, sorted by name."""

    items: tuple[InstallItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """What to do with the containers once they are installed; each tuple is sorted."""

    start: tuple[str, ...] = ()
    update: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()

    def joined(self, other: RunPlan) -> RunPlan:
        """Return what is done by both."""
        return RunPlan(
            start=tuple(sorted((*self.start, *other.start))),
            update=tuple(sorted((*self.update, *other.update))),
            restart=tuple(sorted((*self.restart, *other.restart))),
        )


class Left(Enum):
    """What became of a container that did not do what was asked."""

    UPDATING = "updating"  # it runs, with what the update left of the new system
    SWITCHED = "switched"  # it runs the new system, of which something failed
    REFUSED = "refused"  # it runs the old system, which refused to change to the new one
    UNHEALTHY = "unhealthy"  # it runs as the definition says, and is not well
    STOPPED = "stopped"  # it is installed as the definition says, and was stopped: there is nothing to go back to
    KEPT = "kept"  # it is installed as the definition says
    REMOVED = "removed"  # it was not installed before, and is not now
    RESTORED = "restored"  # what was installed before is installed, and does not run
    RESTARTED = "restarted"  # what ran before was started again
    STUCK = "stuck"  # it was not installed before, and could not be removed again
    CHANGED = "changed"  # what was installed before could not be brought back
    RETURNED = "returned"  # it is again what was healthy last, which was asked for
    ASTRAY = "astray"  # that was asked for and did not succeed


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One container that did not do what was asked.

    ``message`` is the reason, to stand behind "Container NAME did not start: "; ``details`` are the last lines it said.
    ``left`` is what became of the container where that is known with the failure. ``late`` is whether it may
    come yet, and the time that somebody had for it is up.
    """

    name: str
    message: str
    details: tuple[str, ...] = ()
    left: Left | None = None
    late: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """What came of a request. ``left`` says of each container that failed what became of it."""

    result: BuildResult
    plan: InstallPlan
    done: RunPlan
    failures: tuple[Failure, ...] = ()
    left: Mapping[str, Left] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What a plugin adds to an interactive or ``--run`` session around one container.

    ``commands`` are POSIX shell scripts by name; they are put on the session's PATH. ``environment`` is set for
    everything that runs in the session. ``help`` are lines that the command ``h`` shows.
    """

    commands: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    help: tuple[str, ...] = ()
