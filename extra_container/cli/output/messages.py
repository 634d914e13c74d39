"""What the program says beside its results: to people on stderr, and in the log that they asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from extra_container.cli.output.log import LogFormat, open_log
from extra_container.cli.output.report import Report
from extra_container.model.events import ProblemFound
from extra_container.model.values import Problem, Severity

if TYPE_CHECKING:
    import argparse

    from extra_container.model.events import Event


class Messages:
    """The one way for events, warnings and remarks.

    ``structured`` is whether stderr takes nothing but lines of JSON; whoever writes there by itself looks first.
    ``log`` is None if nobody wants one. Raises :class:`.UsageError` if the log cannot be opened.
    """

    def __init__(self, options: argparse.Namespace, stdout: TextIO, stderr: TextIO) -> None:
        chosen = LogFormat(options.log_format) if options.log_format else None
        self.structured = chosen is LogFormat.JSON and options.log_file is None
        self.log = open_log(options.log_file, chosen, stderr, verbose=options.verbose)
        self._report = Report(stdout, stderr, quiet=options.quiet, silent_stderr=self.structured)

    def event(self, event: Event) -> None:
        """Tell of an event."""
        self._report.event(event)
        if self.log is not None:
            self.log.write(event)

    def warn(self, message: str, hint: str | None = None) -> None:
        """Tell of something that is amiss, also with ``--quiet``."""
        self.event(ProblemFound(problem=Problem(message=message, hint=hint, severity=Severity.WARNING)))

    def tell(self, line: str) -> None:
        """Tell a line that is no event: in the log if there is one, to people otherwise."""
        if self.log is not None:
            self.log.line(line)
        else:
            self._report.progress(line)
