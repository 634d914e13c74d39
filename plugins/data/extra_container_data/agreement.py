"""Asking before data is lost."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from extra_container.plugin import UsageError

if TYPE_CHECKING:
    from extra_container.plugin_command import Command


def require_somebody_to_ask(*, yes: bool) -> None:
    """Raise :class:`.UsageError` if the answer is neither given nor can be asked for."""
    if not yes and not sys.stdin.isatty():
        raise UsageError("Data would be lost, and without a terminal nobody can be asked", hint="Give --yes if it may.")


def agreed(question: str, command: Command) -> bool:
    """Ask a person at the terminal; whatever is not ``y`` or ``yes`` is a no, which is told."""
    stderr = command.app.stderr
    stderr.write(f"{question} [y/N] ")
    stderr.flush()
    if sys.stdin.readline().strip().lower() in {"y", "yes"}:
        return True
    stderr.write("Nothing was changed.\n")
    return False
