"""What the program says beside its results: to people on stderr, in the log that they asked for, to who follows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable

    from extra_container.cli.options import Options
    from extra_container.cli.output.bearings import Bearings
    from extra_container.cli.output.journal import JournalLog
    from extra_container.cli.output.log import Log
    from extra_container.cli.output.report import Report
    from extra_container.cli.waiting.progress import TerminalProgress
    from extra_container.model.events import Event
    from extra_container.model.origin import Origin
    from extra_container.progress.followed import Progress

# What changes on the host and nobody else writes to its journal.
_CHANGES = frozenset(
    {"containers.installed", "container.updated", "container.failed", "container.left", "containers.destroyed"}
)


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
        self._bearings: Bearings | None = None
        self._followers: list[Callable[[Event, Origin], None]] = []
        self._conclusions: list[Callable[[int], None]] = []
        self._writes_changes = False
        self._is_running = False
        self._progress: TerminalProgress | None = None
        self._began = time.monotonic()
        self.structured = options.log_format == "json" and options.log_file is None
        self.command = ""
        self.plugin_at_work: Callable[[], str | None] = lambda: None
        self.journal: JournalLog | None = None

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

            silent, quiet = self.structured, self._options.quiet
            self._text = Report(self._stdout, self._stderr, quiet=quiet, silent_stderr=silent, progress=self._progress)
        return self._text

    def open(self, *, changes_machine: bool) -> None:
        """Open the log before anything is changed.

        Raises :class:`.UsageError` if that is impossible, and :class:`.HostError` if the journal is asked for and
        cannot be reached.
        """
        _ = self.log
        self._writes_changes = changes_machine
        if self._options.log_journal and self.journal is None:
            from extra_container.cli.output.journal import JournalLog

            self.journal = JournalLog()
            self._followers.append(self.journal)

    def progress(self) -> Progress | None:
        """Return what draws how far things are, for people who look on at a terminal; None for everybody else."""
        descriptor = self._terminal()
        if descriptor is not None and self._progress is None:
            from extra_container.cli.waiting.progress import TerminalProgress

            self._progress = TerminalProgress(descriptor)
            self._text = None  # the next one knows of it
        return self._progress

    def _terminal(self) -> int | None:
        """Return the descriptor of the terminal that people look at, None if nothing is to be drawn there."""
        if self._options.quiet or self.structured or self.followed or not self._stderr.isatty():
            return None
        return self._stderr.fileno()

    def add_follower(self, follower: Callable[[Event, Origin], None]) -> None:
        """Let ``follower`` have every event from here on, with where it comes from."""
        self._followers.append(follower)

    def move_text(self) -> None:
        """Let the text that commands print beside their results go to stderr: stdout is for a document."""
        self._stdout = self._stderr
        self._text = None

    def at_the_end(self, conclude: Callable[[int], None]) -> None:
        """Have something called with the exit code when all is done, before it is known whether output got lost."""
        self._conclusions.append(conclude)

    def conclude(self, code: int) -> None:
        """Call what was to be called at the end. Raises what that raises."""
        conclusions, self._conclusions = self._conclusions, []
        for each in conclusions:
            each(code)

    @property
    def has_followers(self) -> bool:
        """Whether anybody beside the log wants each step."""
        return bool(self._followers)

    @property
    def followed(self) -> bool:
        """Whether anybody wants each step, and not only what people are told."""
        return self.has_followers or self.log is not None

    @property
    def opened_log(self) -> Log | None:
        """The log if something was told already."""
        return self._log

    @property
    def seconds(self) -> float:
        """How long the run has taken up to now."""
        return time.monotonic() - self._began

    def event(self, event: Event) -> None:
        """Tell of an event."""
        self._report.event(event)
        if self.followed:
            self.follow(event)
        if self._writes_changes and self.journal is None and event.kind in _CHANGES:
            from extra_container.cli.output.journal import write_change

            write_change(event, self._where.take(event))

    def follow(self, event: Event) -> None:
        """Tell of an event to who follows each step, and not to people."""
        origin = self._where.take(event)
        if self.log is not None:
            self.log.write(event, origin)
        for follower in self._followers:
            follower(event, origin)

    def failed(self, event: Event, log: Log | None) -> None:
        """Tell of the error that ends the program: in ``log``, if there is one, and to who follows each step."""
        self._is_running = False
        origin = self._where.take(event)
        if log is not None:
            log.write(event, origin)
        for follower in self._followers:
            follower(event, origin)

    def begin(self) -> None:
        """Tell who follows each step that the command begins."""
        if self.followed:
            from importlib.metadata import version

            from extra_container.model.events import CommandStarted

            self._is_running = True
            self.follow(CommandStarted(name=self.command, version=version("extra-container")))

    def end(self, code: int) -> None:
        """Tell who follows each step that the command is over, if no error has told so."""
        if self._is_running:
            from extra_container.model.events import CommandFinished

            self._is_running = False
            self.follow(CommandFinished(code=code, seconds=self.seconds))

    def warn(self, message: str, hint: str | None = None) -> None:
        """Tell of something that is amiss, also with ``--quiet``."""
        from extra_container.model.events import ProblemFound
        from extra_container.model.values import Problem, Severity

        self.event(ProblemFound(problem=Problem(message=message, hint=hint, severity=Severity.WARNING)))

    def ask(self, question: str) -> bool:
        """Ask a person at the terminal, also with ``--quiet``; whatever is not ``y`` or ``yes`` is a no."""
        import sys

        asked = f"{question} [y/N]"
        if self.structured:
            self.tell(asked)
        else:
            self._stderr.write(f"{asked} ")
            self._stderr.flush()
        return sys.stdin.readline().strip().lower() in {"y", "yes"}

    def tell(self, line: str) -> None:
        """Tell a line that is no event: in the log if there is one, to people otherwise."""
        if self.followed:
            from extra_container.model.events import OutputPrinted

            self.follow(OutputPrinted(line=line))
        if self.log is None:
            self._report.progress(line)

    @property
    def _where(self) -> Bearings:
        if self._bearings is None:
            from extra_container.cli.output.bearings import Bearings

            self._bearings = Bearings(self.command, self.plugin_at_work)
        return self._bearings
