"""Reading what a container and its supervisor wrote."""

from __future__ import annotations

from pathlib import Path

from extra_container.plugin import console_lines

_TAIL = 256 * 1024


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
    return console_lines(text)[-lines:] if lines > 0 else ()
