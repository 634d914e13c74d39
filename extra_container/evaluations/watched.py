"""A runner whose evaluations are watched; all else it runs as ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from extra_container.evaluations import strace
from extra_container.process import Completed, Runner

_EVALUATOR = "nix-instantiate"


@dataclass(slots=True, kw_only=True)
class Log:
    """What was watched: the files that strace wrote, and the directories for temporary files that Nix was given.

    ``problem`` is why it is not complete.
    """

    directory: Path
    traces: list[Path] = field(default_factory=list)
    temporary: list[str] = field(default_factory=list)
    problem: str | None = None
    _numbers: Iterator[int] = field(default_factory=count)

    def new_file(self) -> Path:
        """Return where a trace goes."""
        return self.directory / f"trace-{next(self._numbers)}"


class WatchedRunner(Runner):
    """Runs Nix' evaluations under strace and notes that in a log; all else it leaves to another runner.

    An evaluation that is none because of strace runs once more without it.
    """

    def __init__(self, inner: Runner, log: Log) -> None:
        self.environment = inner.environment
        self._inner = inner
        self._log = log

    def having(self, variables: Mapping[str, str]) -> WatchedRunner:
        """Give a watched runner as :meth:`.Runner.having` does."""
        return WatchedRunner(self._inner.having(variables), self._log)

    @contextmanager
    def together(self, *, on: type[BaseException] = BaseException) -> Iterator[WatchedRunner]:
        """Give a watched runner as :meth:`.Runner.together` does."""
        with self._inner.together(on=on) as inner:
            yield WatchedRunner(inner, self._log)

    def look(self, program: str) -> str | None:
        """Find a program as :meth:`.Runner.look` does."""
        return self._inner.look(program)

    def run(
        self,
        argv: Sequence[str],
        *,
        check: bool = True,
        stdin: str | None = None,
        environment: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Completed:
        """Run a program as :meth:`.Runner.run` does."""
        return self._inner.run(argv, check=check, stdin=stdin, environment=environment, timeout=timeout)

    def stream(
        self,
        argv: Sequence[str],
        *,
        on_stderr: Callable[[str], None],
        environment: Mapping[str, str] | None = None,
    ) -> Completed:
        """Run a program as :meth:`.Runner.stream` does."""
        command = self._command_of(argv)
        if command is None:
            return self._inner.stream(argv, on_stderr=on_stderr, environment=environment)
        done = self._inner.stream(command.words, on_stderr=self._without(command, on_stderr), environment=environment)
        if not strace.saw(command.output, command.program):
            self._log.problem = self._log.problem or f"strace ended with code {done.returncode}"
            return self._inner.stream(argv, on_stderr=on_stderr, environment=environment)
        self._log.traces.append(command.output)
        self._log.temporary += [value for name, value in (environment or {}).items() if name == "TMPDIR"]
        errors = [line for line in done.stderr.splitlines(keepends=True) if not command.wrote(line)]
        return Completed(argv=tuple(argv), returncode=done.returncode, stdout=done.stdout, stderr="".join(errors))

    def _without(self, command: strace.Command, on_stderr: Callable[[str], None]) -> Callable[[str], None]:
        def on_line(line: str) -> None:
            if command.wrote(line):
                self._log.problem = line
            else:
                on_stderr(line)

        return on_line

    def _command_of(self, argv: Sequence[str]) -> strace.Command | None:
        if argv[0] != _EVALUATOR or self._log.problem is not None:
            return None
        command = strace.command([self.find(_EVALUATOR), *argv[1:]], self._log.new_file(), self)
        if command is None:
            self._log.problem = "strace was not found"
        return command
