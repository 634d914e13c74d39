"""What is printed fits the terminal; elsewhere lines stay whole."""

import contextlib
import fcntl
import os
import struct
import subprocess
import sys
import termios

import pytest

from extra_container.cli.output.terminal import hanging
from tests.processes import running

PROGRAM = [sys.executable, "-m", "extra_container"]
# argparse does not break its own synopsis at every width.
PAGES = [["help"], ["plugins"], ["plugins", "show", "ssh"], ["help", "install"], ["list", "--help"], ["--help"]]


def on_terminal(width, *words):
    """Return the lines that a command shows on a terminal."""
    controller, terminal = os.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    text = b""
    with (
        os.fdopen(controller, "rb", buffering=0) as reader,
        running(*PROGRAM, *words, stdout=terminal, stderr=terminal, env=environment),
    ):
        os.close(terminal)
        with contextlib.suppress(OSError):  # EIO: the last writer is gone
            while True:
                text += reader.read(4096)
    return text.decode().splitlines()


@pytest.mark.parametrize("width", [80, 100])
@pytest.mark.parametrize("words", PAGES, ids=" ".join)
def test_no_line_is_wider_than_the_terminal(words, width):
    lines = on_terminal(width, *words)
    assert not [line for line in lines if "\x1b" in line or "\\x1b" in line]  # argparse of Python 3.14 has colours
    assert [line for line in lines if len(line) > width and len(line.split()) > 2] == []  # a path cannot be broken
    environment = {**os.environ, "COLUMNS": "400"}
    whole = subprocess.run([*PROGRAM, *words], check=True, capture_output=True, text=True, env=environment)
    assert " ".join(lines).split() == whole.stdout.split()


def test_lines_stay_whole_where_nobody_looks(shell):
    assert shell.run("help") == 0
    assert "  create          Build a definition and install its containers; start, update or restart " in shell.out


def test_text_hangs_behind_its_head():
    assert hanging("a: ", "one two three four five six", 24 + 3) == "a: one two three four five\n   six"
    assert hanging("a: ", "one two", None) == "a: one two"
    assert hanging("a: ", "", 80) == "a:"
    assert hanging(" " * 40, "some words that need more room", 30).splitlines()[0] == " " * 40 + "some words that need"
