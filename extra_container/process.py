"""Foreign programs: found in trusted places, run, timed and reported. The one module that starts processes."""

from __future__ import annotations

import copy
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import IO, TYPE_CHECKING, NoReturn, TypeVar

from extra_container import ending, proc
from extra_container.completed import Completed, base_name, process_error, shell_code, shown
from extra_container.model import exhaustion
from extra_container.model.errors import HostError, ProcessError

if TYPE_CHECKING:
    from concurrent.futures import Future

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

_HEED_SECONDS = 0.2

__all__ = ["TRUSTED_DIRECTORIES", "Completed", "Runner", "process_error", "result", "shell_code"]

_T = TypeVar("_T")


def result(future: Future[_T]) -> _T:
    """Return what a thread found, or raise what it raised; a signal is heeded meanwhile.

    Python misses a signal that comes just before a wait without an end.
    """
    from concurrent.futures import wait

    while not future.done():
        wait([future], timeout=_HEED_SECONDS)
    return future.result()


class _Children:
    """The programs that run, so that whoever does not wait for them can end them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[int, proc.Process] = {}
        self._ended = False

    @contextmanager
    def start(self, program: str, command: Sequence[str], **options: object) -> Iterator[subprocess.Popen[str]]:
        """Start a program in a session of its own; if the block is left early, the program has been ended.

        ``program`` is how errors name it.
        """
        before, child = proc.own_children(), None
        try:
            child = self._begin(program, command, **options)
            yield child
        except BaseException:
            # A signal may have come when the program ran already, and nobody knew of it yet.
            ending.end(proc.own_children() - before if child is None else [self._running[child.pid]])
            raise
        finally:
            if child is not None:
                with child:  # waits for it
                    del self._running[child.pid]

    def _begin(self, program: str, command: Sequence[str], **options: object) -> subprocess.Popen[str]:
        with self._lock:
            if self._ended:
                raise ProcessError(f"{program} was not started: the work was broken off", returncode=-15, stderr="")
            child = _popen(program, command, **options)
            self._running[child.pid] = proc.identify_child(child.pid)
            return child

    def end(self) -> None:
        """End all that run, and let none be started any more."""
        with self._lock:
            self._ended = True
            running = list(self._running.values())
        ending.end(running)


class Runner:
    """Runs programs. ``notify`` receives a :class:`.ProcessFinished` for each.

    Every program is in a session of its own, so that what a terminal's keys send reaches this program only, which ends
    the others: whoever is interrupted while a program runs has ended it and all that it started. If this program is
    killed, the kernel kills those that it runs.

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
        self._children = _Children()

    def having(self, variables: Mapping[str, str]) -> Runner:
        """Give a runner whose programs have these variables in their environment, too."""
        runner = copy.copy(self)
        runner.environment = {**self.environment, **variables}
        return runner

    @contextmanager
    def together(self, *, on: type[BaseException] = BaseException) -> Iterator[Runner]:
        """Give a runner to be used in threads: what is raised in the block ends the programs that run in them.

        ``on`` is the kind of exceptions that do so. Threads are waited for with :func:`result`.
        """
        runner = copy.copy(self)
        runner._children = _Children()
        try:
            yield runner
        except on:
            runner._children.end()
            raise

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
        places = (os.path.join(place, program) for place in self._search_path().split(os.pathsep))  # noqa: PTH118
        return next((path for path in places if os.path.isfile(path) and os.access(path, os.X_OK)), None)  # noqa: PTH113

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

        ``environment`` is added to the runner's. ``timeout`` is in seconds; a program that takes longer is ended.
        Raises :class:`.ProcessError` on a timeout, and if ``check`` on a non-zero code; :class:`.HostError` if the
        program cannot be started.
        """
        command = self._command(argv)
        began = time.monotonic()
        pipe = subprocess.PIPE
        variables = {**self.environment, **(environment or {})}
        try:
            with self._children.start(
                base_name(command), self.mortal(command), stdin=pipe, stdout=pipe, stderr=pipe, env=variables
            ) as child:
                out, err = child.communicate("" if stdin is None else stdin, timeout=timeout)
        except subprocess.TimeoutExpired as error:
            raise ProcessError(
                f"{shown(command)} did not end within {timeout:g} s", returncode=-9, stderr=""
            ) from error
        completed = Completed(argv=tuple(command), returncode=child.returncode, stdout=out, stderr=err)
        self._finished(command, child.returncode, began)
        if check and child.returncode != 0:
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

        Never raises on a non-zero code. Raises :class:`.HostError` if the program cannot be started.
        """
        command = self._command(argv)
        began = time.monotonic()
        lines: list[str] = []
        # stdout goes to memory: a pipe that nobody reads while stderr is read would stop the program when it is full.
        with open(os.memfd_create("stdout"), "w+", errors="replace") as out:  # noqa: PTH123 -- a descriptor
            with self.begin(command, stdout=out, stderr=subprocess.PIPE, environment=environment) as child:
                for line in _lines(child.stderr):
                    lines.append(line)
                    on_stderr(line.rstrip("\n"))
                child.wait()
            out.seek(0)
            stdout = out.read()
        self._finished(command, child.returncode, began)
        return Completed(argv=tuple(command), returncode=child.returncode, stdout=stdout, stderr="".join(lines))

    def connect(self, argv: Sequence[str], *, source: int, target: int) -> Completed:
        """Run a program to its end that reads from an open file and writes to another one; only its stderr is captured.

        Never raises on a non-zero code. Raises :class:`.HostError` if the program cannot be started.
        """
        command = self._command(argv)
        began = time.monotonic()
        with self.begin(command, stdin=source, stdout=target, stderr=subprocess.PIPE) as child:
            _, err = child.communicate()
        self._finished(command, child.returncode, began)
        return Completed(argv=tuple(command), returncode=child.returncode, stdout="", stderr=err)

    @contextmanager
    def afterwards(self, argv: Sequence[str]) -> Iterator[None]:
        """Run a program when the block is over, also if this process is killed in it; it must not fail.

        Raises :class:`.HostError` before the block if it could not be started.
        """
        # What the shell waits for comes with the end of whoever holds the other end of the pipe.
        command = self._command(["sh", "-c", 'read -r _; exec "$@"', "sh", *argv])
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with _popen("sh", command, stdin=subprocess.PIPE, env=self.environment, **silent):
            yield

    def begin(
        self, argv: Sequence[str], *, environment: Mapping[str, str] | None = None, **streams: object
    ) -> AbstractContextManager[subprocess.Popen[str]]:
        """Start a program that reads nothing, and end it with the block; ``streams`` are those of ``Popen``."""
        given = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, **streams}
        command, variables = self._command(argv), {**self.environment, **(environment or {})}
        return self._children.start(base_name(command), self.mortal(command), env=variables, **given)

    def replace(self, argv: Sequence[str], *, environment: Mapping[str, str] | None = None) -> NoReturn:
        """Become the program: same process, streams and terminal."""
        command = self._command(argv)
        os.execve(command[0], command, {**self.environment, **(environment or {})})

    def _command(self, argv: Sequence[str]) -> list[str]:
        first, *rest = argv
        return [first if os.path.isabs(first) else self.find(first), *rest]  # noqa: PTH117

    def mortal(self, command: Sequence[str]) -> list[str]:
        """Return the command line by which a program dies with this one, however that ends; see prctl(2)."""
        setpriv = self.look("setpriv")
        if setpriv is None or os.path.realpath(setpriv).endswith("/busybox"):  # which does not know the option
            return list(command)
        # The kernel's signal comes when the thread ends that started the program: the one that waits for it.
        return [setpriv, "--pdeathsig", "KILL", "--", *command]

    def _finished(self, command: Sequence[str], code: int, began: float) -> None:
        if self._notify is not None:
            from extra_container.model.events import ProcessFinished
            from extra_container.model.secrets import without_secrets

            seconds = time.monotonic() - began
            self._notify(ProcessFinished(argv=without_secrets(command), code=code, seconds=seconds))


def _popen(program: str, command: Sequence[str], **options: object) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(command, text=True, errors="replace", start_new_session=True, **options)  # type: ignore[call-overload, no-any-return]
    except OSError as error:
        hint = exhaustion.hint_for(error)
        raise HostError(f"{program} cannot be started: {error.strerror}", hint=hint) from error


def _lines(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise AssertionError("it is no pipe")
    return stream
