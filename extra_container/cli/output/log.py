"""The structured log: every event as one line of JSON, or as readable key=value text.

structlog is imported only when somebody wants a log. A log that cannot be written to any more is no reason to stop:
:func:`Log.failure` tells of it afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from extra_container import output
from extra_container.cli.output.lines import fields as fields  # noqa: PLC0414
from extra_container.cli.output.lines import level, whole
from extra_container.model.errors import UsageError
from extra_container.model.plain import one_line

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from extra_container.model.events import Event
    from extra_container.model.origin import Origin


class LogFormat(Enum):
    """How log lines look."""

    TEXT = "text"
    JSON = "json"


class Log:
    """Writes events and lines to a stream."""

    def __init__(self, stream: TextIO, log_format: LogFormat) -> None:
        self._stream = stream
        self._logger = _make_logger(stream, log_format)

    def write(self, event: Event, origin: Origin | None = None) -> None:
        """Log an event under its own name, with its fields and where it comes from."""
        getattr(self._logger, level(event))(event.kind, **whole(event, origin))

    def failure(self) -> OSError | None:
        """Return why some of the log got lost, None if nothing did."""
        return output.failure(self._stream)


def open_log(path: Path | None, log_format: LogFormat | None, stderr: TextIO, *, verbose: bool) -> Log | None:
    """Return the log that the user asked for, if any.

    A file is appended to. Without a file the log goes to ``stderr`` if a format or ``verbose`` was given. Raises
    :class:`.UsageError` if the file cannot be opened.
    """
    if path is not None:
        try:
            return Log(output.appended(path), log_format or LogFormat.JSON)
        except OSError as error:
            raise UsageError(
                f"The log file {path} cannot be opened: {error.strerror}", hint="Give --log-file another path."
            ) from error
    if log_format is not None or verbose:
        return Log(stderr, log_format or LogFormat.TEXT)
    return None


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
            processors += [_for_reader, structlog.processors.LogfmtRenderer(key_order=first)]
    logger: FilteringBoundLogger = structlog.wrap_logger(
        structlog.WriteLogger(stream),
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(0),
        cache_logger_on_first_use=False,
    )
    return logger


def _for_reader(_logger: object, _method: str, entry: MutableMapping[str, Any]) -> Mapping[str, Any]:
    last = {name: entry.pop(name) for name in ("command", "run") if name in entry}
    entry.pop("schema", None)
    return {key: _one_line(value) for key, value in {**entry, **last}.items()}


def _one_line(value: object) -> object:
    match value:
        case list() | tuple():
            text = " ".join(map(str, value))
        case dict():
            text = " ".join(f"{name}:{item}" for name, item in value.items())
        case str():
            text = value
        case _:
            return value
    return one_line(text.replace("\n", " | "))  # logfmt keeps to one line
