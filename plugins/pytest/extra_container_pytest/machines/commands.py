"""Commands in a machine, and waiting until they do what a test wants."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

from extra_container_pytest.errors import ContainersError, MachineError
from extra_container_pytest.machines.agent import TIMED_OUT, Agent, AgentGoneError, Done
from extra_container_pytest.machines.changes import Changes
from extra_container_pytest.program import Program

# Seconds that commands and waits have where a test names none, as in NixOS' test driver.
TIMEOUT = 900
_STRICT = "set -euo pipefail\n"
# Of what a failed command wrote, as much as somebody reads.
_SHOWN = 4000
# The last look of a wait has a moment, too.
_SHORTEST = 0.5


class Commands:
    """A container, as far as commands go. ``name`` is what its test calls it, ``container`` what this machine does."""

    def __init__(self, name: str, container: str, program: Program) -> None:
        self.name = name
        self.container = container
        self._program = program
        self._idle: list[Agent] = []
        self._lock = Lock()
        self.booted = False
        # Whether there is something to tell of it.
        self.was_started = False

    def __repr__(self) -> str:
        return f"<machine {self.name} ({self.container})>"

    def start(self, *, allow_reboot: bool = False) -> None:  # noqa: ARG002 -- NixOS' machines have to be told
        """Boot the container and wait until it has; nothing is done to one that runs."""
        if not self.booted:
            self.was_started = True
            self._program.start([self.container])
            self.booted = True

    def connect(self) -> None:
        """Boot the container if it is down: commands need nothing else."""
        self.start()

    def execute(
        self,
        command: str,
        check_return: bool = True,  # noqa: FBT001, FBT002 -- NixOS' tests pass it so
        check_output: bool = True,  # noqa: FBT001, FBT002
        timeout: float | None = TIMEOUT,
    ) -> tuple[int, str]:
        """Run a command of bash as root with ``set -euo pipefail``; return its code and what it wrote on stdout.

        The code of one that took longer than ``timeout`` seconds is 124. Without ``check_output`` it goes on in the
        background, and (-2, "") is returned at once; without ``check_return`` the code is -1, as in NixOS' driver.
        """
        if not check_output:
            self._run(f"( {_STRICT}{command}\n) >/dev/null 2>&1 </dev/null &", TIMEOUT)
            return (-2, "")
        done = self._run(command, timeout)
        return (done.code if check_return else -1, done.out)

    def succeed(self, *commands: str, timeout: float | None = None) -> str:
        """Run commands that must end with code 0; return what they wrote on stdout. Raises MachineError."""
        out = ""
        for command in commands:
            done = self._run(command, timeout)
            if done.code:
                raise MachineError(f"{self.name}: `{command}` {_ended(done, timeout)}{_shown(done)}")
            out += done.out
        return out

    def fail(self, *commands: str, timeout: float | None = None) -> str:
        """Run commands that must not end with code 0; return what they wrote on stdout. Raises MachineError."""
        out = ""
        for command in commands:
            done = self._run(command, timeout)
            if done.code == 0:
                raise MachineError(f"{self.name}: `{command}` succeeded, which it must not{_shown(done)}")
            out += done.out
        return out

    def wait_until_succeeds(self, command: str, timeout: float = TIMEOUT) -> str:
        """Repeat a command until it ends with code 0; return what it wrote on stdout then."""
        return self._repeat(command, timeout, wanted="succeed", good=lambda done: done.code == 0)

    def wait_until_fails(self, command: str, timeout: float = TIMEOUT) -> str:
        """Repeat a command until it ends with another code than 0; return what it wrote on stdout then."""
        return self._repeat(command, timeout, wanted="fail", good=lambda done: done.code != 0)

    def _repeat(self, command: str, timeout: float, *, wanted: str, good: Callable[[Done], bool]) -> str:
        last: list[Done] = []

        def check(left: float) -> bool:
            last[:] = [self._run(command, left)]
            return good(last[0])

        # Nobody tells of changes, since what the command looks at is not known.
        with Changes() as changes:
            self._wait_for(changes, check, timeout, lambda: f"`{command}` does not {wanted}{_shown(last[0])}")
        return last[0].out

    def _wait_for(
        self, changes: Changes, check: Callable[[float], bool], timeout: float, complaint: Callable[[], str]
    ) -> None:
        """Look again at each change until the check is true; after ``timeout`` s raise MachineError with the complaint.

        The check is told how many seconds are left.
        """
        deadline = time.monotonic() + timeout
        while not check(max(deadline - time.monotonic(), _SHORTEST)):
            if (left := deadline - time.monotonic()) <= 0:
                raise MachineError(f"{self.name}: within {timeout:g} s {complaint()}")
            changes.wait(left)

    def _run(self, command: str, timeout: float | None) -> Done:
        self.start()
        agent = self._take()
        try:
            done = agent.run(_STRICT + command, TIMEOUT if timeout is None else timeout)
        except AgentGoneError:
            agent.close()
            raise
        except BaseException:
            agent.close()  # its answer is still to come: nobody else may read it
            raise
        self._put(agent)
        return done

    def _take(self) -> Agent:
        with self._lock:
            while self._idle:
                agent = self._idle.pop()
                if agent.is_alive:
                    return agent
                agent.close()
        return Agent(self.name, self._program.argv("run", self.container, "--"))

    def _put(self, agent: Agent) -> None:
        with self._lock:
            self._idle.append(agent)

    def _inside(self) -> int | None:
        """Return the PID of a process in the container, None if the kernel does not tell."""
        self.start()
        agent = self._take()
        self._put(agent)
        return agent.inside()

    def disconnect(self) -> None:
        """End the shells that wait for commands: the container ends, or is another one soon."""
        with self._lock:
            agents, self._idle = self._idle, []
        for agent in agents:
            agent.close()

    def _call(self, *words: str) -> str:
        """Call the program about this container and return what it printed; raises MachineError."""
        try:
            return self._program.call(*words).stdout
        except ContainersError as error:
            raise MachineError(f"{self.name}: {error}") from None


def _ended(done: Done, timeout: float | None) -> str:
    if done.code == TIMED_OUT and timeout is not None:
        return f"did not end within {timeout:g} s"
    return f"failed (exit code {done.code})"


def _shown(done: Done) -> str:
    parts = (
        f"\n{name}:\n{text.rstrip()[-_SHOWN:]}" for name, text in (("stdout", done.out), ("stderr", done.err)) if text
    )
    return "".join(parts)
