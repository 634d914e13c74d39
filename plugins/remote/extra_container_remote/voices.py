"""What machines print, printed here: each line whole, with its machine's name where there are several."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from extra_container.plugin import plain

if TYPE_CHECKING:
    from typing import TextIO


class Voices:
    """Where lines go. Machines speak at the same time, and no line is torn apart.

    With ``collected`` results are not printed. Nothing that a machine says moves the terminal's cursor.
    """

    def __init__(self, stdout: TextIO, stderr: TextIO, *, marked: bool, collected: bool) -> None:
        self._stdout = stdout
        self._stderr = stderr
        self._marked = marked
        self._collected = collected
        self._lock = threading.Lock()

    def result(self, target: str, line: str) -> None:
        """Print a line of a result."""
        if not self._collected:
            self._print(self._stdout, target, line)

    def remark(self, target: str, line: str) -> None:
        """Print a line that is beside the result."""
        self._print(self._stderr, target, line)

    def _print(self, stream: TextIO, target: str, line: str) -> None:
        text = f"{target}: {line}" if self._marked else line
        with self._lock:
            stream.write(f"{plain(text)}\n")
            stream.flush()
