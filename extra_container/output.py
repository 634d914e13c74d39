"""Text output whose failure does not end the work: a reader that went away, a full disk."""

from __future__ import annotations

import io
import os
from typing import TextIO

from extra_container.model.plain import plain


class LastingText(io.TextIOWrapper):
    """A text stream whose writes never fail: the first error is kept in ``error``, and what comes after it is dropped.

    What the encoding does not know becomes a question mark.
    """

    error: OSError | None = None

    def write(self, text: str) -> int:
        """Write a text, or drop it."""
        if self.error is None:
            try:
                return super().write(text)
            except OSError as error:
                self.error = error
        return len(text)

    def flush(self) -> None:
        """Hand on what is buffered, or drop it."""
        if self.error is None:
            try:
                super().flush()
            except OSError as error:
                self.error = error

    def close(self) -> None:
        """Close the stream; a descriptor that it was made of stays open."""
        try:
            super().close()
        except OSError as error:
            self.error = self.error or error


class PlainText(LastingText):
    """A :class:`LastingText` for people: what it is given can do nothing to their terminal."""

    def write(self, text: str) -> int:
        """Write a text, see :mod:`extra_container.model.plain`."""
        super().write(plain(text))
        return len(text)


def continued(descriptor: int, encoding: str = "utf-8", *, by_line: bool = True) -> TextIO:
    """Return a stream of plain text that goes on in a descriptor."""
    raw = io.FileIO(descriptor, "w", closefd=False)
    return PlainText(io.BufferedWriter(raw), encoding=encoding, errors="replace", line_buffering=by_line)


def appended(path: os.PathLike[str]) -> TextIO:
    """Return a stream that appends to a file; one that is made is for its owner only.

    Raises OSError if the file cannot be opened.
    """
    raw = io.FileIO(path, "a", opener=_open_private)
    return LastingText(io.BufferedWriter(raw), encoding="utf-8", errors="replace", line_buffering=True)


def has_reader(stream: TextIO) -> bool:
    """Whether what is written to a stream can still be read by somebody, as far as the system knows."""
    import select

    poll = select.poll()
    try:
        poll.register(stream, select.POLLERR)  # a pipe without readers; see poll(2)
    except (OSError, ValueError):
        return True  # it has no descriptor
    return not any(happened & select.POLLERR for _, happened in poll.poll(0))


def _open_private(path: str, flags: int) -> int:
    # Opening a FIFO for writing would wait for somebody who reads it.
    descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY, 0o600)
    os.set_blocking(descriptor, True)
    return descriptor


def failure(stream: TextIO) -> OSError | None:
    """Return why some of what was written to a stream got lost, None if nothing did or nobody can know."""
    stream.flush()
    return stream.error if isinstance(stream, LastingText) else None
