"""Standard streams that nobody reads, that are full, closed, or of another encoding."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = [sys.executable, "-m", "extra_container"]
AS_ROOT = """
import os, runpy, sys
os.geteuid = lambda: 0
runpy.run_module("extra_container", run_name="__main__", alter_sys=True)
"""
MANY_NAMES = [
    sys.executable,
    "-c",
    """
import sys
from extra_container.state import installed
from extra_container.cli import main

installed.names = lambda: ["demo"] * 100_000
sys.exit(main(sys.argv[1:]))
""",
]
FULL_DEVICE = Path("/dev/full")
FULL = "Error: Writing to standard output failed: No space left on device\n"


@contextlib.contextmanager
def unread_pipe():
    """Give the end for writing of a pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        yield writer
    finally:
        os.close(writer)


def run(argv, **streams):
    return subprocess.run(argv, check=False, text=True, **{"stderr": subprocess.PIPE, **streams})


@pytest.mark.parametrize("argv", [[*MANY_NAMES, "list"], [*MANY_NAMES, "-q", "list"], PROGRAM, [*PROGRAM, "plugins"]])
def test_nobody_reads_the_output(argv):
    with unread_pipe() as writer:
        done = run(argv, stdout=writer)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize("argv", [[*MANY_NAMES, "list"], [*MANY_NAMES, "-q", "list"], PROGRAM, [*PROGRAM, "plugins"]])
def test_there_is_no_space_for_the_output(argv):
    with FULL_DEVICE.open("w") as full:
        done = run(argv, stdout=full)
    assert (done.returncode, done.stderr) == (1, FULL)


def test_the_exit_code_of_a_command_that_failed_stays_when_its_message_is_lost():
    with FULL_DEVICE.open("w") as full:
        assert run([*PROGRAM, "frob"], stderr=full).returncode == 2


WORK = """
import pathlib, sys
from extra_container.model import events
from extra_container.cli import main
from extra_container.cli.command import Command
from extra_container.hooks.facade import Hooks
from extra_container.testing import fake_host

Hooks.detect_host = lambda *_: fake_host(pathlib.Path(sys.argv[1]).parent)

class Work(Command):
    needs_root = False

    def take_action(self, parsed_args):
        with self.context() as context:
            for name in ("a", "b"):
                context.emit(events.Starting(names=(name,)))
                context.tell("working on " + name)
        with open(sys.argv[1], "w") as proof:
            proof.write("done")
        return 0

from extra_container.cli import registry
registry.Registry.find_command = lambda *_: (Work, "list", [])
sys.exit(main(["list", *sys.argv[2:]]))
"""


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize("kind", ["unread", "full"])
def test_the_work_is_finished_though_nobody_reads_of_it(tmp_path, stream, kind):
    with unread_pipe() if kind == "unread" else FULL_DEVICE.open("w") as lost:
        done = run([sys.executable, "-c", WORK, tmp_path / "proof", "--x"], **{stream: lost})
    assert (tmp_path / "proof").read_text() == "done"
    assert done.returncode == (141 if kind == "unread" else 1)
    if stream == "stdout":
        told = "".join(line for line in done.stderr.splitlines(keepends=True) if not line.startswith("working on"))
        assert told == ("" if kind == "unread" else FULL)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(("words", "code"), [("list", 0), ("plugins", 0), ("frob", 2), ("build", 2)])
def test_streams_that_the_caller_closed(closed, words, code):
    stdin = "" if "<" in closed else "</dev/null"
    done = run(["/bin/sh", "-c", f'"$0" -c "$1" {words} {stdin} {closed}', sys.executable, AS_ROOT])
    assert done.returncode == code, done.stderr
    assert "bug" not in done.stderr


def test_files_that_are_opened_do_not_take_the_place_of_a_closed_stream(tmp_path):
    log = tmp_path / "log"
    argv = ["/bin/sh", "-c", 'exec "$0" -m extra_container --log-file "$1" frob >&- 2>&-', sys.executable, log]
    assert run(argv).returncode == 2
    assert log.read_text().startswith('{"message": "Unknown command')
    assert log.read_text().count("\n") == 1


def test_an_encoding_without_all_characters():
    done = run(PROGRAM, stdout=subprocess.PIPE, env={**os.environ, "PYTHONIOENCODING": "latin-1"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "[GLOBAL OPTION?] COMMAND [ARG?]" in done.stdout
