"""Programs that ended, and what is told of those that failed."""

from __future__ import annotations

from collections.abc import Sequence

from extra_container.model.errors import ProcessError
from extra_container.model.frozen import dataclass

_STDERR_LINES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """A program that ended. A death by signal N is the negative return code -N, as in :mod:`subprocess`."""

    argv: tuple[str, ...]
    returncode: int
    stdout: str
    stderr: str


def shell_code(returncode: int) -> int:
    """Return the exit code a shell would show: 128+N for a death by signal N."""
    return 128 - returncode if returncode < 0 else returncode


def process_error(done: Completed, *, hint: str | None = None) -> ProcessError:
    """Describe a failed program: command line, code and the last lines of its stderr."""
    last_lines = done.stderr.rstrip().splitlines()[-_STDERR_LINES:]
    message = f"{shown(done.argv)} failed with code {shell_code(done.returncode)}"
    if last_lines:
        message += ":\n" + "\n".join(f"  {line}" for line in last_lines)
    return ProcessError(message, returncode=done.returncode, stderr=done.stderr, hint=hint)


def base_name(argv: Sequence[str]) -> str:
    """Return the name of a command line's program."""
    return argv[0].rsplit("/", 1)[-1]


def shown(argv: Sequence[str]) -> str:
    """Return a command line as people write it."""
    import shlex

    return shlex.join([base_name(argv), *argv[1:]])
