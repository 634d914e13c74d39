"""Commands that are another one under a second name."""

from __future__ import annotations

from types import MappingProxyType

ALIASES = MappingProxyType({"add": "create"})


def names_of(command: str) -> tuple[str, ...]:
    """Return the command that a word stands for, and the word itself where that is an alias."""
    return (ALIASES[command], command) if command in ALIASES else (command,)
