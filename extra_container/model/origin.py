"""Where an event comes from: the run, and what of it was going on."""

from __future__ import annotations

from enum import Enum

from extra_container.model.frozen import dataclass

# Of all entries of the journal that this program writes.
MESSAGE_ID = "e05e172f5b234748a5e4d436918d86d7"


class Phase(Enum):
    """What a run is about at a time. A phase may stand in another: a restart stops containers while it installs.

    ``REMOVE`` is about what containers that are destroyed already had on disk; others may change the machine meanwhile.
    """

    EVALUATE = "evaluate"
    BUILD = "build"
    INSTALL = "install"
    START = "start"
    UPDATE = "update"
    STOP = "stop"
    DESTROY = "destroy"
    REMOVE = "remove"


class PhaseEnd(Enum):
    """How a phase ended: ``DONE`` also if some of its containers failed, of which events of their own tell."""

    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where an event comes from, as far as that is known.

    ``run`` is the same for all events of one call of the program and for no other: 32 hexadecimal digits. ``command``
    is the command's name as it was typed. ``phase`` is the innermost one, ``plugin`` the plugin whose hook is at work
    or has said something, ``container`` the one container that the event is about.
    """

    run: str
    command: str
    phase: Phase | None = None
    plugin: str | None = None
    container: str | None = None
