"""Foreign text made harmless for a terminal.

Names of files, a builder's output or a journal can hold what moves the cursor, changes the terminal's state, answers in
the person's place or turns the direction of the text that follows. All of it is shown as escapes. Source: ECMA-48 for
the control functions, Unicode Standard Annex 9 for directions.
"""

from __future__ import annotations

import re

# C0 but tab and newline, DEL and C1; marks of direction, U+2028 and U+2029; what stands for undecodable bytes.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_BREAKS = re.compile("[\t\n]")


def plain(text: str) -> str:
    r"""Return lines of text with an escape (``\x1b``, ``\u2028``) for each character that is more than text."""
    return text if text.isascii() and text.isprintable() else _UNSAFE.sub(_escape, text.replace("\r\n", "\n"))


def one_line(text: object) -> str:
    """Return a name or a path as part of a line: :func:`plain`, and escapes for tab and newline, too."""
    return _BREAKS.sub(_escape, plain(str(text)))


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    # Python's own stand-ins for bytes that it cannot decode; see PEP 383.
    byte = code - 0xDC00 if 0xDC80 <= code <= 0xDCFF else code
    return f"\\x{byte:02x}" if byte <= 0xFF else f"\\u{code:04x}"
