"""What containers and their supervisors wrote to the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extra_container.model.errors import ProcessError
from extra_container.model.layout import unit_name
from extra_container.systemd.console import console_lines, without_good_news
from extra_container.systemd.systemctl import PLAIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extra_container.process import Runner

_LINES_OF_A_BOOT = 500
_DETAIL_LINES = 15
_SECONDS = 10.0
_SILENCE = "What it said is not known, because the journal does not answer"


class Journal:
    """Asks ``journalctl`` for the lines of containers' units."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def last(self, name: str, lines: int, *options: str) -> tuple[str, ...]:
        """Return the last lines of a container's unit."""
        argv = ["journalctl", "-q", "--no-pager", "-o", "cat", "-n", str(lines), *options, "-u", unit_name(name)]
        return console_lines(self._runner.run(argv, environment=PLAIN).stdout)

    def details(self, name: str, began: float) -> tuple[str, ...]:
        """Return what was logged since the time ``began``: a failure's report must not hold lines of older runs."""
        try:
            # The last lines of a process that ended a moment ago may still be on their way into the journal.
            argv = ["journalctl", "--sync"]
            synced = self._runner.run(argv, check=False, environment=PLAIN, timeout=_SECONDS)
            lines = without_good_news(self.last(name, _LINES_OF_A_BOOT, f"--since=@{began:.6f}"))
        except ProcessError as error:
            return tuple(error.message.splitlines())
        if synced.returncode != 0 and not lines:
            return (f"{_SILENCE}: {synced.stderr.strip()}",)
        return lines[-_DETAIL_LINES:]


def is_silent(details: Sequence[str]) -> bool:
    """Whether the journal did not answer. Pure."""
    return any(line.startswith(_SILENCE) for line in details)
