"""Foreign programs: found in trusted places, run, timed and reported. The one module that starts processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from extra_container.model.errors import HostError, ProcessError
from extra_container.model.events import ProcessFinished

if TYPE_CHECKING:
    from extra_container.model.events import Event

# As root, a program is looked for here before the caller's PATH: sudo may have kept a PATH that others can write to.
TRUSTED_DIRECTORIES = (
    "/run/wrappers/bin",
    "/run/current-system/sw/bin",
    "/nix/var/nix/profiles/default/bin",
    "/usr/local/sbin",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/bin",
    "/sbin",
    "/bin",
)

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


class Runner:
    """Runs programs. ``notify`` receives a :class:`.ProcessFinished` for each.

    ``environment`` is the base of every child's environment (default: the process' own). ``trusted`` are the
    directories searched before PATH, by the program itself and by its children.
    """

    def __init__(
        self,
        *,
        environment: Mapping[str, str] | None = None,
        trusted: Sequence[str] | None = None,
        notify: Callable[[Event], None] | None = None,
    ) -> None:
        self.environment = dict(os.environ if environment is None else environment)
        if trusted is None:
            trusted = TRUSTED_DIRECTORIES if os.geteuid() == 0 else ()
        self._trusted = tuple(trusted)
        if trusted:
            # What a program starts itself has to come from the same places (git for Nix, modprobe for iptables).
            self.environment["PATH"] = self._search_path()
        self._notify = notify

    def find(self, program: str) -> str:
        """Return the program's absolute path.

        Raises :class:`.HostError` if the host does not have it.
        """
        path = self.look(program)
        if path is None:
            raise HostError(f"{program} was not found", hint=f"Install the package that provides {program}.")
        return path

    def look(self, program: str) -> str | None:
        """Return the program's absolute path, ``None`` if the host does not have it."""
        return shutil.which(program, path=self._search_path())

    def _search_path(self) -> str:
        given = self.environment.get("PATH", "").split(os.pathsep)
        return os.pathsep.join(place for place in dict.fromkeys([*self._trusted, *given]) if place)

    def run(
        self,
        argv: Sequence[str],
        *,
        check: bool = True,
        stdin: str | None = None,
        environment: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Completed:
        """Run a program to its end with its output captured; without ``stdin`` it reads nothing.

        ``environment`` is added to the runner's. ``timeout`` is in seconds; a program that takes longer is killed.
        Raises :class:`.ProcessError` on a timeout, and if ``check`` on a non-zero code.
        """
        command = self._command(argv)
        began = time.monotonic()
        try:
            done = subprocess.run(
                command,
                check=False,
                text=True,
                errors="replace",
                capture_output=True,
                input="" if stdin is None else stdin,
                env={**self.environment, **(environment or {})},
                timeout=timeout,
            )
        except subprocess.TimeoutExpired as error:
            raise ProcessError(
                f"{_shown(command)} did not end within {timeout:g} s", returncode=-9, stderr=""
            ) from error
        completed = Completed(argv=tuple(command), returncode=done.returncode, stdout=done.stdout, stderr=done.stderr)
        self._finished(command, done.returncode, began)
        if check and done.returncode != 0:
            raise process_error(completed)
        return completed

    def stream(
        self,
        argv: Sequence[str],
        *,
        on_stderr: Callable[[str], None],
        environment: Mapping[str, str] | None = None,
    ) -> Completed:
        """Run a program, handing each line of its stderr (without newline) to ``on_stderr`` as it comes.

        Never raises on a non-zero code. If the caller is interrupted, the program is ended first.
        """
        command = self._command(argv)
        began = time.monotonic()
        # stdout goes to a file: a pipe that nobody reads while stderr is read would stop the program when it is full.
        with (
            tempfile.TemporaryFile("w+", errors="replace") as out,
            subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                env={**self.environment, **(environment or {})},
            ) as child,
        ):
            lines: list[str] = []
            if child.stderr is None:
                raise AssertionError("stderr is a pipe")
            try:
                for line in child.stderr:
                    lines.append(line)
                    on_stderr(line.rstrip("\n"))
                child.wait()
            except BaseException:
                child.terminate()
                raise
            out.seek(0)
            stdout = out.read()
        self._finished(command, child.returncode, began)
        return Completed(argv=tuple(command), returncode=child.returncode, stdout=stdout, stderr="".join(lines))

    def replace(self, argv: Sequence[str], *, environment: Mapping[str, str] | None = None) -> NoReturn:
        """Become the program: same process, streams and terminal."""
        command = self._command(argv)
        os.execve(command[0], command, {**self.environment, **(environment or {})})

    def _command(self, argv: Sequence[str]) -> list[str]:
        first, *rest = argv
        return [first if os.path.isabs(first) else self.find(first), *rest]  # noqa: PTH117

    def _finished(self, command: Sequence[str], code: int, began: float) -> None:
        if self._notify is not None:
            self._notify(ProcessFinished(argv=tuple(command), code=code, seconds=time.monotonic() - began))


def process_error(done: Completed, *, hint: str | None = None) -> ProcessError:
    """Describe a failed program: command line, code and the last lines of its stderr."""
    said = done.stderr.rstrip().splitlines()[-_STDERR_LINES:]
    message = f"{_shown(done.argv)} failed with code {shell_code(done.returncode)}"
    if said:
        message += ":\n" + "\n".join(f"  {line}" for line in said)
    return ProcessError(message, returncode=done.returncode, stderr=done.stderr, hint=hint)


def _shown(argv: Sequence[str]) -> str:
    import shlex

    return shlex.join([argv[0].rsplit("/", 1)[-1], *argv[1:]])
