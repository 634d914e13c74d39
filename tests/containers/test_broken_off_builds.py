"""Builds that are broken off, with the real Nix: nothing goes on, and nothing of them is left."""

import os
import secrets
import signal
import subprocess
import time
from pathlib import Path

import pytest

# Evaluates for minutes without ever looking whether it is to end; the name is seen on the command line.
EVALUATING = """
let sum = n: builtins.foldl' (a: x: a + x) n (builtins.genList (x: x) 1000000);
in { containers.MARK = builtins.foldl' (a: n: a + sum n) 0 (builtins.genList (n: n) 1000000); }
"""
BUILDING = """
{ containers.MARK = import (derivation {
    name = "MARK"; builder = "/bin/sh"; args = [ "-c" "TRAP /bin/sleep 1000; /bin/sleep 1000" ];
    system = builtins.currentSystem;
  });
}
"""
TEXTS = {
    "an evaluation": EVALUATING,
    "a build": BUILDING.replace("TRAP ", ""),
    "a build that will not end": BUILDING.replace("TRAP", "trap '' TERM INT HUP;"),
}


def processes(mark):
    """Return the command lines of the living processes that have the mark in theirs or in their environment."""
    found = {}
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit():
                words = (entry / "cmdline").read_bytes()
                if mark.encode() in words + (entry / "environ").read_bytes():
                    found[int(entry.name)] = words.replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
    return found


def temporary():
    """Return what builds have left among the temporary files."""
    return {path.name for pattern in ("nix-build-*", "extra-container-*") for path in Path("/tmp").glob(pattern)}


class Build:
    """A build under way that takes too long."""

    def __init__(self, tool, kind):
        self.mark = f"mark{secrets.token_hex(6)}"
        self.before = temporary()
        words = ["build", "--base", "host", "-E", TEXTS[kind].replace("MARK", self.mark)]
        self.program = tool.start(*words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        deadline = time.monotonic() + 60
        # The first word alone: Nix' own command line has the whole definition.
        wanted = "/bin/sleep" if "build" in kind else ("/nix-build", "/nix-instantiate")
        while not any(words.split(" ")[0].endswith(wanted) for words in self.others().values()):
            assert time.monotonic() < deadline
            assert self.program.poll() is None, self.program.stdout.read()
            time.sleep(0.02)

    def others(self):
        """Return the processes of the build beside the program itself."""
        return {pid: words for pid, words in processes(self.mark).items() if pid != self.program.pid}


@pytest.fixture
def begin(tool):
    """Give a starter of builds; what is left of one is killed after the test."""
    begun = []

    def begin(kind):
        begun.append(Build(tool, kind))
        return begun[-1]

    yield begin
    for build in begun:
        for pid in processes(build.mark):
            os.kill(pid, signal.SIGKILL)
        build.program.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("kind", TEXTS)
def test_a_signal_to_the_program_alone_ends_the_build(begin, kind, number):
    build = begin(kind)
    build.program.send_signal(number)
    assert build.program.wait(20) == 128 + number
    assert build.others() == {}
    assert temporary() <= build.before
    assert "Traceback" not in build.program.stdout.read()


@pytest.mark.parametrize("kind", TEXTS)
def test_a_build_whose_program_is_killed_ends_and_what_it_leaves_goes_with_the_next_change(begin, tool, kind):
    build = begin(kind)
    build.program.kill()
    build.program.wait()
    deadline = time.monotonic() + 10
    while any("nix-" in words.split()[0] for words in build.others().values()):
        assert time.monotonic() < deadline, build.others()
        time.sleep(0.02)
    for pid in build.others():  # a builder outside of a sandbox outlives a killed Nix
        os.kill(pid, signal.SIGKILL)
    tool("destroy", "nowhere")
    assert temporary() <= build.before
