"""What the program says beside its results: to people on stderr, and in the log that they asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from extra_container.cli.options import Options
    from extra_container.cli.output.log import Log
    from extra_container.cli.output.report import Report
    from extra_container.model.events import Event


class Messages:
    """The one way for events, warnings and remarks.

    ``structured`` is whether stderr takes nothing but lines of JSON; whoever writes there by itself looks first. The
    first thing to tell opens the log, and raises :class:`.UsageError` if that is impossible.
    """

    def __init__(self, options: Options, stdout: TextIO, stderr: TextIO) -> None:
        self._options = options
        self._stdout = stdout
        self._stderr = stderr
        self._log: Log | None = None
        self._text: Report | None = None
        self.structured = options.log_format == "json" and options.log_file is None

    @property
    def log(self) -> Log | None:
        """The log, None if nobody wants one."""
        options = self._options
        if self._log is None and (options.log_format or options.log_file or options.verbose):
            from extra_container.cli.output.log import LogFormat, open_log

            form = LogFormat(options.log_format) if options.log_format else None
            self._log = open_log(options.log_file, form, self._stderr, verbose=options.verbose)
        return self._log

    @property
    def _report(self) -> Report:
        if self._text is None:
            from extra_container.cli.output.report import Report

            silent = self.structured
            self._text = Report(self._stdout, self._stderr, quiet=self._options.quiet, silent_stderr=silent)
        return self._text

    def open(self) -> None:
        """Open the log before anything is changed. Raises :class:`.UsageError` if that is impossible."""
        _ = self.log

    @property
    def opened_log(self) -> Log | None:
        """The log if something was told already."""
        return self._log

    def event(self, event: Event) -> None:
        """Tell of an event."""
        self._report.event(event)
        if self.log is not None:
            self.log.write(event)

    def warn(self, message: str, hint: str | None = None) -> None:
        """Tell of something that is amiss, also with ``--quiet``."""
        from extra_container.model.events import ProblemFound
        from extra_container.model.values import Problem, Severity

        self.event(ProblemFound(problem=Problem(message=message, hint=hint, severity=Severity.WARNING)))

    def tell(self, line: str) -> None:
        """Tell a line that is no event: in the log if there is one, to people otherwise."""
        if self.log is not None:
            self.log.line(line)
        else:
            self._report.progress(line)
