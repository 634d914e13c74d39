"""What a container wrote on its console, as lines that mean the same in a file or on another terminal."""

from __future__ import annotations

import re

# ECMA-48: control sequences, operating system commands, and the escapes of two or three characters, such as ESC M,
# with which systemd moves the cursor up.
_CODES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])?")
# What a container's systemd says when all is well hides what went wrong.
_GOOD_NEWS = re.compile(r"\[  OK  \]|         \S+ing ")


def console_lines(text: str) -> tuple[str, ...]:
    """Return the lines of a console's text that hold anything, without what is meant for the terminal. Pure."""
    return tuple(line for line in _CODES.sub("", text).splitlines() if line.strip())


def without_good_news(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out the lines in which the container's systemd says that something went well. Pure."""
    return tuple(line for line in lines if not _GOOD_NEWS.match(line))
