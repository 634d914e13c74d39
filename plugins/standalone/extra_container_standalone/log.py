"""Reading what a container and its supervisor wrote."""

from __future__ import annotations

import re
from pathlib import Path

_TAIL = 256 * 1024
_TERMINAL_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def last_lines(log: Path, lines: int, *, end: int | None = None) -> tuple[str, ...]:
    """Return the last lines of a log, without empty ones and terminal codes; none if there is no log.

    ``end`` is the offset in bytes to read up to, by default all.
    """
    try:
        with log.open("rb") as file:
            size = file.seek(0, 2)
            stop = size if end is None else min(end, size)
            begin = max(0, stop - _TAIL)
            file.seek(begin)
            text = file.read(stop - begin).decode(errors="replace")
    except FileNotFoundError:
        return ()
    said = [line for line in _TERMINAL_CODES.sub("", text).splitlines() if line.strip()]
    return tuple(said[-lines:]) if lines > 0 else ()
