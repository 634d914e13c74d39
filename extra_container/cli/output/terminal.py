"""Text that fits the terminal it is shown on."""

from __future__ import annotations

from typing import TextIO

_NARROWEST = 24  # columns that text keeps even where the terminal has no room for them


def columns(stream: TextIO) -> int | None:
    """Return the width of the terminal that a stream writes to, None if it writes elsewhere."""
    if not stream.isatty():
        return None
    import shutil

    return shutil.get_terminal_size().columns


def hanging(head: str, text: str, width: int | None) -> str:
    """Return ``head`` and ``text``, whose further lines stand below its first one.

    Lines break between words only. Without ``width`` there is one line.
    """
    if width is None or len(head) + len(text) <= width:
        return (head + text).rstrip()
    import textwrap

    lines = textwrap.wrap(text, max(width - len(head), _NARROWEST), break_long_words=False, break_on_hyphens=False)
    return head + f"\n{' ' * len(head)}".join(lines)
