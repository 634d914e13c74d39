"""Shells that wait inside a container for commands: one that waits runs a command within milliseconds."""

from __future__ import annotations

import base64
import binascii
import contextlib
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence
from typing import IO

from extra_container.plugin import dataclass, proc
from extra_container_pytest.errors import MachineError

# What it prints of a command is one line of base64 and its code: so nothing that a command prints can be taken for the
# code. A command's own standard input is empty. /etc/profile is not written for strict shells.
_LOOP = r"""
if [[ -e /etc/profile ]]; then source /etc/profile >/dev/null 2>&1; fi
cd /tmp
for program in base64 timeout; do
  command -v "$program" >/dev/null || { echo "commands of tests need $program, which its PATH has not" >&2; exit 1; }
done
echo "$$"
while read -r seconds encoded; do
  command=$(base64 -d <<<"$encoded"; echo .)
  timeout --kill-after=5 "$seconds" bash -c "${command%.}" </dev/null | base64 -w0
  printf '\n%s\n' "${PIPESTATUS[0]}"
done
"""
# The code of timeout(1) for a command that it had to end.
TIMED_OUT = 124
# How much longer than the command its answer may take: timeout needs 5 s to kill one that ignores SIGTERM.
_GRACE = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A command that ended: its code, and what it wrote; bytes that are no UTF-8 are replaced."""

    code: int
    out: str
    err: str


class AgentGoneError(MachineError):
    """The shell ended, with its container or for a command that nobody can end."""


class Agent:
    """One shell in a container, for one command at a time."""

    def __init__(self, name: str, argv: Sequence[str]) -> None:
        self._name = name
        # A Ctrl-C at the terminal is for the tests, which then end their containers.
        self._process = subprocess.Popen(
            [*argv, "bash", "-c", _LOOP], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip
        self._errors = b""
        try:
            self._read_lines(1, time.monotonic() + 60)
        except AgentGoneError:
            self.close()
            raise
        self._errors = b""

    @property
    def is_alive(self) -> bool:
        """Whether it can take another command."""
        return self._process.poll() is None

    def inside(self) -> int | None:
        """Return the PID, as the host counts, of a process in the container's namespaces; None if it has ended."""
        pid = self._process.pid
        own = proc.pid_namespace(pid)
        waiting = list(proc.children(pid))
        while waiting:
            child = waiting.pop()
            namespace = proc.pid_namespace(child)
            if namespace not in {own, None}:
                return child
            waiting += proc.children(child)
        return None

    def run(self, command: str, seconds: float) -> Done:
        """Run a command of bash; one that takes longer is ended and has the code of timeout(1)."""
        encoded = base64.b64encode(command.encode()).decode()
        self._errors = b""
        try:
            _stream(self._process.stdin).write(f"{max(seconds, 0.001):.3f} {encoded}\n".encode())
            _stream(self._process.stdin).flush()
        except BrokenPipeError:
            raise self._gone() from None
        out, code = self._read_lines(2, time.monotonic() + seconds + _GRACE)
        self._drain()
        return Done(
            code=int(code),
            out=_decoded(out).decode(errors="replace"),
            err=self._errors.decode(errors="replace"),
        )

    def close(self) -> None:
        """End it."""
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            with contextlib.suppress(BrokenPipeError):
                _stream(stream).close()
        try:
            self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def _read_lines(self, count: int, deadline: float) -> list[bytes]:
        out, err = _stream(self._process.stdout), _stream(self._process.stderr)
        found = b""
        with selectors.DefaultSelector() as selector:
            selector.register(out, selectors.EVENT_READ)
            selector.register(err, selectors.EVENT_READ)
            while found.count(b"\n") < count:
                ready = selector.select(max(deadline - time.monotonic(), 0))
                if not ready:
                    self.close()
                    raise AgentGoneError(
                        f"{self._name}: a command does not end. Something that it left in the background keeps its "
                        "standard output open: redirect that, as in `CMD >/dev/null &`"
                    )
                for key, _ in ready:
                    chunk = _read(key.fileobj)  # type: ignore[arg-type] # as registered
                    if key.fileobj is err:
                        self._errors += chunk
                        if not chunk:
                            selector.unregister(err)
                    elif chunk:
                        found += chunk
                    else:
                        raise self._gone()
        return found.split(b"\n")[:count]

    def _drain(self) -> None:
        """Take what the command wrote on its standard error: it ended, so that all of it is in the pipe."""
        err = _stream(self._process.stderr)
        with selectors.DefaultSelector() as selector:
            selector.register(err, selectors.EVENT_READ)
            while selector.select(0) and (chunk := _read(err)):
                self._errors += chunk

    def _gone(self) -> AgentGoneError:
        self._drain()
        told = self._errors.decode(errors="replace").strip()
        return AgentGoneError(f"{self._name} ended before the command did, or does not run{told and f': {told}'}")


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None  # all three are pipes
    return stream


def _read(stream: IO[bytes]) -> bytes:
    import os

    return os.read(stream.fileno(), 1 << 16)


def _decoded(line: bytes) -> bytes:
    try:
        return base64.b64decode(line)
    except binascii.Error:  # the base64 program was killed in the middle
        return b""
