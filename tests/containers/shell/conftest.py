"""``extra-container shell`` as people call it, with real containers. Needs root; runs on any host with a manager."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.containers.conftest import PROGRAM, Started, Tool
from tests.processes import is_of_a_test_host

STATES = Path("/var/lib/nixos-containers")
SESSIONS = Path("/run/extra-container")
SECONDS = 60
PREFIX = "10.251.98"
NETWORK = f'privateNetwork = true; hostAddress = "{PREFIX}.1"; localAddress = "{PREFIX}.2";'
# The boot goes on as long as this service starts.
SLOW = """
  config.systemd.services.slow = {
    wantedBy = [ "multi-user.target" ];
    serviceConfig.Type = "oneshot";
    script = "sleep 30";
  };
"""


class Sessions(Tool):
    """The program, on one container of its own."""

    program = PROGRAM
    states = STATES
    seconds = SECONDS
    network = NETWORK
    ip = f"{PREFIX}.2"
    slow = SLOW

    def __init__(self, name: str, home: Path) -> None:
        super().__init__(home)
        self.name = name
        for variable in ("EXTRA_CONTAINER_ETC", "runningShellContainer", "SHELL"):
            self.environment.pop(variable, None)
        self.environment["HOME"] = str(home)
        (home / ".bashrc").write_text("PS1='ready> '\n")

    def definition(self, body: str = "") -> str:
        return f"{{ containers.{self.name} = {{ {body} }}; }}"

    def line(self, *arguments: str, body: str = "") -> list[str]:
        return [PROGRAM, "shell", "-E", self.definition(body), *arguments]

    def shell(self, *arguments: str, body: str = "", stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        given = {"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}
        return self.call(self.line(*arguments, body=body), **given)

    def call(self, argv: list[str], **more) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            argv,
            check=False,
            text=True,
            capture_output=True,
            env=self.environment,
            timeout=SECONDS,
            cwd=self.directory,
            **more,
        )

    def begin(self, *arguments: str, body: str = "") -> Started:
        """Start a session without waiting for it."""
        words = self.line(*arguments, body=body)[1:]
        return self.start(*words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def exists(self) -> bool:
        return self.name in self("list").out.split()

    def traces(self) -> list[str]:
        """Return what is left on the machine of the container and its sessions."""
        left = [str(path) for path in SESSIONS.glob("session-*")]
        left += [str(path) for path in (STATES / self.name, Path(f"/sys/class/net/ve-{self.name}")) if path.exists()]
        left += [str(path) for path in Path("/nix/var/nix/gcroots/auto").glob(f"extra-container-{self.name}*")]
        for process in Path("/proc").iterdir():
            if process.name.isdigit() and process.name != str(os.getpid()):
                try:
                    words = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
                except OSError:
                    continue
                ours = re.search(rb"/session-[^/\0]+", words) or f"nixos-containers/{self.name}".encode() in words
                if ours and not is_of_a_test_host(process.name):
                    left.append(f"process {process.name}: {words[:200]!r}")
        return left + ([f"{self.name} is listed"] if self.exists() else [])


class Terminal:
    """The program on a terminal of its own, with somebody who types."""

    def __init__(self, argv: list[str], environment: dict[str, str]) -> None:
        self.seen = ""
        self.code: int | None = None
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            # The tests may be run with signals ignored, as by nohup.
            os.execvpe("env", ["env", "--default-signal", *argv], {**environment, "TERM": "dumb"})

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def expect(self, pattern: str) -> str:
        """Read until the pattern matches; return what was read up to there."""
        deadline = time.monotonic() + SECONDS
        while (match := re.search(pattern, self.seen)) is None:
            assert time.monotonic() < deadline, f"no {pattern!r} in:\n{self.seen}"
            assert self._read(), f"it ended without {pattern!r}:\n{self.seen}"
        before, self.seen = self.seen[: match.end()], self.seen[match.end() :]
        return before

    def answer(self, command: str) -> str:
        """Type a command at the prompt and return its output."""
        self.type(f"{command}\n")
        self.expect(r"\n")  # the echo
        return self.expect("ready> ").removesuffix("ready> ").replace("\r", "")

    def end(self) -> int:
        """Wait until the program has ended; return its exit code."""
        while self._read():
            continue
        return self._wait()

    def close(self) -> None:
        """Hang up and wait until the program has ended; one that does not is killed."""
        if self.master >= 0:
            os.close(self.master)
            self.master = -1
        if self.code is None:
            handle = os.pidfd_open(self.pid)
            ended, _, _ = select.select([handle], [], [], SECONDS)
            os.close(handle)
            if not ended:
                os.killpg(self.pid, signal.SIGKILL)
            self._wait()
            assert ended, f"it went on for {SECONDS} s without its terminal"

    def _wait(self) -> int:
        if self.code is None:
            _, status = os.waitpid(self.pid, 0)
            self.code = os.waitstatus_to_exitcode(status)
        return self.code

    def _read(self) -> bool:
        ready, _, _ = select.select([self.master], [], [], 1)
        try:
            text = os.read(self.master, 65536) if ready else b"\0"
        except OSError:  # nobody has the other end open any more
            return False
        self.seen += text.decode(errors="replace").replace("\0", "")
        return bool(text)


@pytest.fixture
def tool(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sessions]:
    made = Sessions(f"t{abs(hash(request.node.name)) % 10**8}", tmp_path)
    assert made.traces() == []
    yield made
    made.close()
    if made.exists():
        made("destroy", made.name)
        pytest.fail(f"{made.name} was left behind")
    assert made.traces() == []


@pytest.fixture
def terminal(tool: Sessions) -> Iterator[Callable[..., Terminal]]:
    def open_terminal(*arguments: str, body: str = "", around: str = "") -> Terminal:
        """Open a session; ``around`` is a shell script that begins it as its "$@"."""
        argv = tool.line(*arguments, body=body)
        one = Terminal(["/bin/sh", "-c", around, "sh", *argv] if around else argv, tool.environment)
        opened.callback(one.close)
        return one

    with ExitStack() as opened:
        yield open_terminal
