"""What somebody may have meant who typed a word that there is not."""

from __future__ import annotations

from collections.abc import Iterable

_ALIKE = 0.7  # of difflib's ratio: one wrong, missing or swapped letter in a word of four


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return a question that names the nearest known word, with a blank at its end; empty if none is near. Pure."""
    import difflib

    near = difflib.get_close_matches(word.partition("=")[0], sorted(known), n=1, cutoff=_ALIKE)
    return f"Did you mean `{near[0]}`? " if near else ""


def option_hint(word: str, known: Iterable[str], before_command: Iterable[str], command: str) -> str:
    """Return what to do about an option that a command has not, with a blank at its end; empty if that is not known.

    ``before_command`` are the options that stand before the command, whose name is empty for the program itself. Pure.
    """
    name = word.partition("=")[0]
    if command and name in before_command:
        return f"{name} stands before the command {command}. "
    return suggestion(name, known) if name.startswith("--") else ""
