"""What the process inside tells the one outside, a line each, through a pipe that ends with it."""

from __future__ import annotations

import os

JOINED = b"joined"
_ENDED = b"ended "
_FAILED = b"failed "


def tell_joined(pipe: int) -> None:
    """Tell that the process is in the container with all that it starts."""
    _tell(pipe, JOINED)


def tell_ended(pipe: int, status: int) -> None:
    """Tell the wait status of the command."""
    _tell(pipe, _ENDED + str(status).encode())


def tell_failed(pipe: int, why: str) -> None:
    """Tell why there is no command."""
    _tell(pipe, _FAILED + why.encode(errors="replace"))


def _tell(pipe: int, line: bytes) -> None:
    try:
        os.write(pipe, line + b"\n")
    except BrokenPipeError:
        return  # the process outside was killed


class Report:
    """What was told so far. ``status`` is the command's wait status, ``over`` says that nothing more comes."""

    def __init__(self, pipe: int) -> None:
        self.pipe = pipe
        self.joined = False
        self.status: int | None = None
        self.failure: str | None = None
        self.over = False

    def read(self) -> bool:
        """Take in what can be read, and return whether that was anything.

        Waits for something unless the pipe is non-blocking.
        """
        try:
            text = os.read(self.pipe, 4096)
        except BlockingIOError:
            return False
        self.over = not text
        for line in text.splitlines():
            if line == JOINED:
                self.joined = True
            elif line.startswith(_ENDED):
                self.status = int(line.removeprefix(_ENDED))
            elif line.startswith(_FAILED):
                self.failure = line.removeprefix(_FAILED).decode()
        return not self.over
