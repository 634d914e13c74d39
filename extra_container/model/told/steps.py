"""What a run tells of itself, whatever it does: its begin and end, its phases, and what foreign programs print.

They are events like those of :mod:`.events`, which has them, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from extra_container.model.frozen import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from extra_container.model.origin import Phase, PhaseEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandStarted:
    """A command that works with containers begins; ``version`` is the program's."""

    kind: ClassVar[str] = "command.started"
    name: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandFinished:
    """A command is over, and no error ended it; ``code`` is the exit code, ``seconds`` what all of it took."""

    kind: ClassVar[str] = "command.finished"
    code: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandFailed:
    """An error ended the command.

    ``error`` is the kind of the failure, ``code`` the exit code. ``details`` are ``derivation``, ``reason`` and ``log``
    after a failed build. ``traceback`` is there with ``--debug``.
    """

    kind: ClassVar[str] = "command.failed"
    message: str
    hint: str | None
    code: int
    error: str
    seconds: float
    details: Mapping[str, object] = field(default_factory=dict)
    traceback: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseStarted:
    """A phase begins; ``containers`` are those that it is about, as far as that is known by then."""

    kind: ClassVar[str] = "phase.started"
    phase: Phase
    containers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseFinished:
    """A phase is over after so many seconds."""

    kind: ClassVar[str] = "phase.finished"
    phase: Phase
    end: PhaseEnd
    seconds: float
    containers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessFinished:
    """A foreign program ended. ``argv`` is without secrets and without the text of definitions."""

    kind: ClassVar[str] = "process.finished"
    argv: tuple[str, ...]
    code: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputPrinted:
    """A foreign program, mostly Nix, printed a line for people."""

    kind: ClassVar[str] = "output.printed"
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LockAwaited:
    """Another run holds the lock; ``holder`` says which."""

    kind: ClassVar[str] = "lock.awaited"
    holder: str
