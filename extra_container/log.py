"""The structured log: every event as one line of JSON, or as readable key=value text.

structlog is imported only when somebody wants a log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from extra_container import events

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger


class LogFormat(Enum):
    """How log lines look."""

    TEXT = "text"
    JSON = "json"


class Log:
    """Writes events and lines to a stream."""

    def __init__(self, stream: TextIO, log_format: LogFormat) -> None:
        self._logger = _make_logger(stream, log_format)

    def write(self, event: events.Event) -> None:
        """Log an event under its own name, with its fields."""
        level = "warning" if isinstance(event, events.ContainerFailed | events.ProblemFound) else "info"
        getattr(self._logger, level)(event.kind, **fields(event))

    def line(self, text: str) -> None:
        """Log a line that a foreign program printed."""
        self._logger.info("output.printed", line=text)

    def failed(self, message: str, hint: str | None, code: int) -> None:
        """Log the error that ends the program."""
        self._logger.error("command.failed", message=message, hint=hint, code=code)


def open_log(
    path: Path | None, log_format: LogFormat | None, stderr: TextIO, *, verbose: bool
) -> tuple[Log | None, Callable[[], None]]:
    """Return the log that the user asked for, if any, and a function that closes it.

    A file is appended to. Without a file the log goes to ``stderr`` if a format or ``verbose`` was given.
    """
    if path is not None:
        stream = path.open("a", encoding="utf-8")
        return Log(stream, log_format or LogFormat.JSON), stream.close
    if log_format is not None or verbose:
        return Log(stderr, log_format or LogFormat.TEXT), lambda: None
    return None, lambda: None


def fields(event: events.Event) -> dict[str, object]:
    """Return an event's fields as JSON values, named in snake_case."""
    match event:
        case events.InstallPlanned(plan=plan):
            return {"containers": {item.name: item.change.value for item in plan.items}}
        case events.ContainerFailed(failure=failure):
            return {"container": failure.name, "message": failure.message, "details": list(failure.details)}
        case events.ProblemFound(problem=problem):
            return {"message": problem.message, "hint": problem.hint, "severity": problem.severity.value}
        case events.ContainerUpdated(name=name, code=code, output=output):
            return {"container": name, "code": code, "output": list(output)}
        case _:
            return {name: getattr(event, name) for name in event.__dataclass_fields__ if name != "kind"}


def _make_logger(stream: TextIO, log_format: LogFormat) -> FilteringBoundLogger:
    import structlog

    processors: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    match log_format:
        case LogFormat.JSON:
            processors += [structlog.processors.JSONRenderer()]
        case LogFormat.TEXT:
            first = ["timestamp", "level", "event"]
            processors += [_join_tuples, structlog.processors.LogfmtRenderer(key_order=first)]
    logger: FilteringBoundLogger = structlog.wrap_logger(
        structlog.WriteLogger(stream),
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(0),
        cache_logger_on_first_use=False,
    )
    return logger


def _join_tuples(_logger: object, _method: str, entry: MutableMapping[str, Any]) -> Mapping[str, Any]:
    return {key: _one_line(value) for key, value in entry.items()}


def _one_line(value: object) -> object:
    match value:
        case list() | tuple():
            return " ".join(map(str, value))
        case dict():
            return " ".join(f"{name}:{item}" for name, item in value.items())
        case str():
            return value.replace("\n", " | ")  # logfmt keeps to one line
        case _:
            return value
