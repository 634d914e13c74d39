"""``status --watch``: painted on a terminal, printed elsewhere, and ended by Ctrl-C or by who reads it."""

import contextlib
import fcntl
import json
import os
import signal
import struct
import subprocess
import sys
import termios

import pytest

from extra_container.cli.views import status as view
from extra_container.cli.views.screen import fitting
from extra_container.inspection.status import ContainerStatus
from tests.processes import running

WATCH = [sys.executable, "-m", "extra_container", "status", "--watch", "--interval", "0.1", "nothing-here"]
HOME = b"\x1b[H"


@pytest.fixture
def terminal():
    """Give the reader of a terminal of 40 by 10, and what stands for it on the other side."""
    controller, end = os.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 10, 40, 0, 0))
    with os.fdopen(controller, "r+b", buffering=0) as reader:
        yield reader, end
        with contextlib.suppress(OSError):
            os.close(end)


def read_until(reader, condition):
    text = b""
    while not condition(text):
        text += reader.read(4096)
    return text


def test_a_terminal_is_painted_until_ctrl_c(terminal):
    reader, end = terminal
    environment = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}

    def own_terminal():
        os.setsid()
        fcntl.ioctl(end, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    streams = {"stdin": end, "stdout": end, "stderr": end}
    with running(*WATCH, **streams, env=environment, process_group=None, preexec_fn=own_terminal) as process:
        text = read_until(reader, lambda text: text.count(HOME) >= 4)
        reader.write(b"\x03")
        assert process.wait(timeout=30) == 0
    assert b"NAME          STATE\x1b[K\r\nnothing-here  gone\x1b[K\r\n\x1b[J" in text
    assert text.count(b"NAME") >= 3


def test_elsewhere_it_is_printed_again_and_again_until_nobody_reads_it():
    with running(*WATCH, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        lines = [process.stdout.readline() for _ in range(6)]
        process.stdout.close()
        assert process.wait(timeout=30) == 128 + signal.SIGPIPE
        assert process.stderr.read() == ""
    assert lines == ["NAME          STATE\n", "nothing-here  gone\n", "\n"] * 2


def test_in_a_format_it_is_one_document_after_the_other():
    with running(*WATCH, "--json", "--noindent", stdout=subprocess.PIPE, text=True) as process:
        rows = [json.loads(process.stdout.readline()) for _ in range(2)]
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
    assert [row[0]["state"] for row in rows] == ["gone", "gone"]


def test_what_it_does_not_go_with(shell):
    assert shell.run("status", "--watch", "--check") == 2
    assert shell.err.startswith("Error: --watch and --check exclude each other\n")
    for seconds in ("0", "-1", "nan", "inf", "x"):
        assert shell.run("status", "--watch", "--interval", seconds) == 2


def test_more_lines_than_there_is_room_for():
    assert fitting(["one", "two"], 80, 3) == ["one", "two"]
    assert fitting(["one", "two", "three"], 80, 3) == ["one", "... and 2 lines more"]
    assert fitting(["x" * 90, "\x1b[2J"], 40, 24) == ["x" * 40, "\\x1b[2J"]
    assert fitting(["one", "two"], 80, 1) == ["... and 2 lines more"]


def test_what_containers_use_now():
    before = {"a": (10.0, 1.0), "b": (10.0, 5.0), "c": (10.0, 1.0)}
    now = {"a": (12.0, 2.0), "b": (12.0, 0.5), "d": (12.0, 1.0)}
    assert view.shares(before, now) == {"a": 0.5}
    found = [ContainerStatus(name=name, state="up", uptime=1.0) for name in ("a", "b")]
    lines = view.text(found, 80, shares={"a": 0.5}).splitlines()
    assert lines == ["NAME  STATE  UPTIME    CPU", "a     up     1s      50.0%", "b     up     1s          -"]
