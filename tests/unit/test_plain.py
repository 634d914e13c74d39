"""Foreign text made harmless for a terminal."""

import io
import json
import os
import subprocess
import sys
import unicodedata

import pytest

from extra_container.cli.output.log import Log, LogFormat
from extra_container.model import events
from extra_container.model.plain import one_line, plain

ESCAPES = [
    ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
    ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
    ("\x9b31m", r"\x9b31m"),
    ("a\rb", r"a\x0db"),
    ("\x00\x08\x0b\x0c\x7f", r"\x00\x08\x0b\x0c\x7f"),
    ("line\u2028separator", r"line\u2028separator"),
    ("\u202etxt.exe\u2066", r"\u202etxt.exe\u2066"),
    ("\udc9b31m \ud800", r"\x9b31m \ud800"),
]


@pytest.mark.parametrize(("text", "shown"), ESCAPES)
def test_what_is_more_than_text_is_shown(text, shown):
    assert plain(text) == shown


@pytest.mark.parametrize("text", ["a\tb\nc\n", "äöü € 漢字 👍 עברית", r"C:\x1b", "", "\n"])
def test_text_stays_what_it_is(text):
    assert plain(text) == text


def test_a_line_that_ends_as_on_other_systems_ends_as_here():
    assert plain("a\r\nb\r\n") == "a\nb\n"


def test_no_control_and_no_mark_of_direction_is_left():
    everything = "".join(map(chr, range(0x110000)))
    left = set(plain(everything)) - {"\t", "\n"}
    assert not {char for char in left if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}}
    directions = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    assert not {char for char in left if unicodedata.bidirectional(char) in directions}
    assert not left & {"\u200e", "\u200f", "\u061c"}


def test_a_name_stays_in_its_line():
    assert one_line("a\nError: b\tc\x1b") == r"a\x0aError: b\x09c\x1b"


EVENT = events.LockAwaited(holder="Process 1 (\x1b[31m\x9b\u202e\udc9b)")


def test_the_readable_log_is_plain():
    stream = io.StringIO()
    Log(stream, LogFormat.TEXT).write(EVENT)
    assert r'holder="Process 1 (\\x1b[31m\\x9b\\u202e\\x9b)"' in stream.getvalue()  # logfmt doubles the backslashes
    assert stream.getvalue().strip().isprintable()


def test_the_structured_log_has_the_true_text():
    stream = io.StringIO()
    Log(stream, LogFormat.JSON).write(EVENT)
    assert stream.getvalue().strip().isascii()
    assert stream.getvalue().strip().isprintable()
    assert json.loads(stream.getvalue())["holder"] == EVENT.holder


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_what_the_program_says_is_plain(stream):
    code = (
        "import sys; from extra_container.cli.output import streams; streams.prepare(); "
        f"sys.{stream}.write('a\\x1b[31m\\u202e\\udc9b\\u00e9\\n'); sys.{stream}.writelines(['\\x9b\\n'])"
    )
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, env=environment)
    assert getattr(done, stream).decode() == "a\\x1b[31m\\u202e\\x9bé\n\\x9b\n"
