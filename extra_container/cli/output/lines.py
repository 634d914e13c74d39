"""Lines of the structured log as JSON values: what stands on them is version 1 of ``docs/log.schema.json``.

A line has the fields of its event and where it comes from. Within a version, lines may gain fields, and new events may
come.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

from extra_container.model import events, secrets
from extra_container.model.frozen import dataclass

if TYPE_CHECKING:
    from extra_container.model.origin import Origin
    from extra_container.model.plans import Change, Left
    from extra_container.model.values import ProblemKind, Severity

VERSION = 1

_LONGEST_WORD = 160  # of a command line: lists of addresses are words, too


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallPlannedLine:
    """The fields of ``install.planned``; ``containers`` says of each how it differs from the installed one."""

    containers: Mapping[str, Change]
    behind: tuple[str, ...]
    unfinished: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerFailedLine:
    """The fields of ``container.failed``."""

    container: str
    message: str
    details: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerUpdatedLine:
    """The fields of ``container.updated``."""

    container: str
    code: int
    output: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerLeftLine:
    """The fields of ``container.left``."""

    container: str
    left: Left


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemFoundLine:
    """The fields of ``problem.found``; ``kind`` is there where the check says what it is about."""

    OPTIONAL: ClassVar[frozenset[str]] = frozenset({"kind"})

    message: str
    hint: str | None
    severity: Severity
    kind: ProblemKind | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandFailedLine:
    """The fields of ``command.failed``; the optional ones are those of a failed build, and of ``--debug``."""

    OPTIONAL: ClassVar[frozenset[str]] = frozenset({"derivation", "reason", "log", "traceback"})
    message: str
    hint: str | None
    code: int
    error: str
    seconds: float
    derivation: str | None = None
    reason: str | None = None
    log: tuple[str, ...] | None = None
    traceback: str | None = None


def optional(shape: type) -> frozenset[str]:
    """Return the fields that are left out of a line where there is nothing to say."""
    found: frozenset[str] = getattr(shape, "OPTIONAL", frozenset())
    return found


def level(event: events.Event) -> str:
    """Return how grave an event is: ``info``, ``warning`` or ``error``."""
    match event:
        case events.CommandFailed() | events.BuildFailed():
            return "error"
        case events.ProblemFound(problem=problem) if problem.severity.value == "error":
            return "error"
        case events.ContainerFailed() | events.ProblemFound():
            return "warning"
        case _:
            return "info"


def origin_fields(origin: Origin | None) -> dict[str, object]:
    """Return the fields that say where a line comes from; what is not known is left out."""
    if origin is None:
        return {}
    known = {name: as_json(value) for name, value in _values(origin).items() if value is not None}
    return {"schema": VERSION, **known}


def whole(event: events.Event, origin: Origin | None) -> dict[str, object]:
    """Return all fields of a line but its time, its level and the event's name."""
    own = fields(event)
    return {**own, **{name: value for name, value in origin_fields(origin).items() if name not in own}}


def fields(event: events.Event) -> dict[str, object]:
    """Return an event's fields as JSON values, named in snake_case."""
    shape = _SHAPERS.get(type(event))
    shaped: Any = event if shape is None else shape(event)
    left_out = optional(type(shaped))
    found = {
        name: as_json(value) for name, value in _values(shaped).items() if not (value is None and name in left_out)
    }
    if isinstance(event, events.CommandFailed):
        found |= {name: as_json(value) for name, value in event.details.items()}
    return found


def as_json(value: object) -> object:
    """Return a value as JSON, without secrets."""
    match value:
        case Enum():
            return value.value
        case bool() | int() | float() | None:
            return value
        case Mapping():
            return {str(key): as_json(item) for key, item in value.items()}
        case list() | tuple():
            return [as_json(item) for item in value]
        case _ if hasattr(value, "__dataclass_fields__"):
            return {name: as_json(item) for name, item in _values(value).items()}
        case _:
            return secrets.hidden(str(value))


def _values(record: object) -> dict[str, object]:
    """Return the fields of a dataclass with slots."""
    return {name: getattr(record, name) for name in type(record).__slots__}  # type: ignore[attr-defined]


def _planned(event: events.InstallPlanned) -> InstallPlannedLine:
    changes = {item.name: item.change for item in event.plan.items}
    return InstallPlannedLine(containers=changes, behind=event.behind, unfinished=event.unfinished)


def _failed(event: events.ContainerFailed) -> ContainerFailedLine:
    failure = event.failure
    return ContainerFailedLine(container=failure.name, message=failure.message, details=failure.details)


def _updated(event: events.ContainerUpdated) -> ContainerUpdatedLine:
    return ContainerUpdatedLine(container=event.name, code=event.code, output=event.output, seconds=event.seconds)


def _left(event: events.ContainerLeft) -> ContainerLeftLine:
    return ContainerLeftLine(container=event.name, left=event.left)


def _problem(event: events.ProblemFound) -> ProblemFoundLine:
    problem = event.problem
    return ProblemFoundLine(message=problem.message, hint=problem.hint, severity=problem.severity, kind=problem.kind)


def _ended(event: events.CommandFailed) -> CommandFailedLine:
    plain = ("message", "hint", "code", "error", "seconds", "traceback")
    return CommandFailedLine(**{name: getattr(event, name) for name in plain})


def _process(event: events.ProcessFinished) -> events.ProcessFinished:
    argv = tuple(map(_shortened, event.argv))
    return events.ProcessFinished(argv=argv, code=event.code, seconds=event.seconds)


def _shortened(word: str) -> str:
    return word if len(word) <= _LONGEST_WORD else f"{word[:_LONGEST_WORD]}… ({len(word)} characters)"


# Events whose lines have other fields than they themselves, and what makes these.
SHAPES: Mapping[type[events.Event], type] = {
    events.InstallPlanned: InstallPlannedLine,
    events.ContainerFailed: ContainerFailedLine,
    events.ContainerUpdated: ContainerUpdatedLine,
    events.ContainerLeft: ContainerLeftLine,
    events.ProblemFound: ProblemFoundLine,
    events.CommandFailed: CommandFailedLine,
}
_SHAPERS: Mapping[type[events.Event], Callable[[Any], object]] = {
    events.InstallPlanned: _planned,
    events.ContainerFailed: _failed,
    events.ContainerUpdated: _updated,
    events.ContainerLeft: _left,
    events.ProblemFound: _problem,
    events.CommandFailed: _ended,
    events.ProcessFinished: _process,
}
