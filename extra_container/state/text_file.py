"""Units, confs and the like, read only where they are what they should be: regular files of a sane size.

Somebody may have put a FIFO, a device without an end or a huge file in their place; reading it would stop the program,
and systemd as well, which reads confs in its first process.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# One variable of a unit may have 128 KiB (MAX_ARG_STRLEN, execve(2)); systemd takes seconds for thousands of them.
MOST_BYTES = 256 * 1024
MOST_LINES = 4096


def read(path: Path, *, errors: str = "strict", most_bytes: int = MOST_BYTES) -> str:
    """Return the text of a file; ``errors`` is what :meth:`bytes.decode` takes.

    Raises OSError, whose ``strerror`` says what is wrong with it, and UnicodeDecodeError.
    """
    # Without O_NONBLOCK, opening a FIFO waits for somebody who writes to it.
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError(errno.EINVAL, "It is no regular file", os.fspath(path))
        content = bytearray()
        while len(content) <= most_bytes and (piece := os.read(file, most_bytes + 1 - len(content))):
            content += piece
    finally:
        os.close(file)
    if len(content) > most_bytes:
        raise OSError(errno.EFBIG, f"It is larger than {most_bytes // 1024} KiB", os.fspath(path))
    if content.count(b"\n") > MOST_LINES:
        raise OSError(errno.EFBIG, f"It has more than {MOST_LINES} lines", os.fspath(path))
    return content.decode(errors=errors)
