"""The standard streams, made such that a command neither stops half-way nor fails because of them.

What the program writes to stdout and stderr is plain text; programs that it becomes write themselves.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

from extra_container import output

if TYPE_CHECKING:
    from collections.abc import Iterable


def prepare() -> None:
    """Open those that the caller closed on nothing, and let writing to stdout and stderr never fail."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:  # a file that is opened later would take its place
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # noqa: FBT003 -- positional only
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115 -- pathlib is not loaded for `list`
    sys.stdout = _lasting(sys.stdout, 1)
    sys.stderr = _lasting(sys.stderr, 2)


def printed(lines: Iterable[str | None], stream: TextIO) -> bool:
    """Print lines as they come, None being a moment without one; return whether somebody goes on reading."""
    for line in lines:
        if line is None:
            if not output.has_reader(stream):
                return False
            continue
        stream.write(line + "\n")
        if output.failure(stream) is not None:
            return False
    return True


def _lasting(stream: TextIO | None, number: int) -> TextIO:
    if stream is None:
        return output.continued(number)
    stream.flush()
    by_line = bool(getattr(stream, "line_buffering", True) or getattr(stream, "write_through", True))
    return output.continued(number, stream.encoding, by_line=by_line)
