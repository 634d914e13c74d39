"""A terminal whose text is painted again and again in the same place."""

from __future__ import annotations

import os
import shutil
from typing import TextIO

from extra_container.model.plain import one_line

# To the upper left; erase to the end of a line, to the end of the screen. Source: ECMA-48, CUP, EL and ED.
_HOME, _TO_END_OF_LINE, _TO_END = "\x1b[H", "\x1b[K", "\x1b[J"


class Screen:
    """Paints on the terminal of a stream, past what makes the stream's own text harmless: its control characters count.

    What is painted is made harmless line by line.
    """

    def __init__(self, stream: TextIO) -> None:
        stream.flush()
        self._descriptor = stream.fileno()
        self._clean = False

    @property
    def width(self) -> int:
        """The terminal's columns at this moment."""
        return shutil.get_terminal_size().columns

    def paint(self, text: str) -> None:
        """Show as much of a text as there is room for. Raises OSError if the terminal is gone."""
        size = shutil.get_terminal_size()
        lines = fitting(text.splitlines(), size.columns, size.lines)
        body = "".join(f"{line}{_TO_END_OF_LINE}\n" for line in lines)
        first = "" if self._clean else f"{_HOME}{_TO_END}"
        self._clean = True
        self._write(f"{first}{_HOME}{body}{_TO_END}")

    def leave(self) -> None:
        """Go to a new line: what ended it, a Ctrl-C, has left its mark on this one."""
        self._write("\n")

    def _write(self, text: str) -> None:
        data = text.encode(errors="replace")
        while data:
            data = data[os.write(self._descriptor, data) :]


def fitting(lines: list[str], columns: int, rows: int) -> list[str]:
    """Return lines that a terminal has room for, above the cursor; the last one tells how many are left. Pure."""
    shown = [one_line(line)[:columns] for line in lines]
    room = max(rows - 1, 1)
    if len(shown) <= room:
        return shown
    return [*shown[: room - 1], f"... and {len(shown) - room + 1} lines more"[:columns]]
