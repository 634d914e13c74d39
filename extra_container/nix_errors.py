"""Errors of Nix, told to people."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.errors import BuildError
from extra_container.model import ExpressionSource, Source

if TYPE_CHECKING:
    from extra_container.process import Completed

# What only a definition, or the build of what it asks for, can get wrong.
_OF_THE_USER = re.compile(
    r"The option `containers\.|Failed assertions|not a usable name|syntax error|undefined variable|"
    r"builder for|build of|cannot build|unrecognised|unable to download"
)
_POSITION = re.compile(r"\bat (\S+?):(\d+:\d+)")
_MISSING = re.compile(r"attribute '([^']+)' missing|The option `([^']+)' does not exist|path '([^']+)' does not exist")


class NixError(BuildError):
    """An error of Nix; ``reason`` is the error itself, without the place in the user's text that led to it."""

    def __init__(self, message: str, *, reason: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


def build_error(lines: list[str], done: Completed, source: Source) -> NixError:
    """Return what to tell of a failed evaluation or build, given Nix' lines from ``error:`` on.

    Of a trace, which newer versions of Nix print before the error itself, only the last place in the user's own text
    is told.
    """
    if not lines:
        said = done.stderr.strip().splitlines()[-10:]
        lines = [*said, f"{Path(done.argv[0]).name} ended with code {done.returncode}"]
    text = [line for line in lines if "--show-trace" not in line]
    errors = [number for number, line in enumerate(text) if line.lstrip().startswith("error:")]
    start = errors[-1] if errors else 0
    trace, (first, *rest) = text[:start], text[start:]
    parts = [first.strip().removeprefix("error:").strip(), textwrap.dedent("\n".join(rest)).rstrip()]
    reason = "\n".join(part for part in parts if part)
    place = _place(trace, source)
    shown = textwrap.indent(reason if place is None or place in reason else f"{reason}\n{place}", "  ")
    shortened = len(text) != len(lines) or bool(trace)
    return NixError(
        f"The definition could not be built:\n{shown}",
        reason=reason,
        hint="`--build-args --show-trace` shows how Nix got there." if shortened else None,
    )


def _place(trace: list[str], source: Source) -> str | None:
    """Return the last ``at FILE:LINE:COLUMN`` of a trace that is in the definition itself."""
    for line in reversed(trace):
        match = _POSITION.search(line)
        if match and any(match[1].startswith(name) for name in _own_names(source)):
            return f"at {match[1]}:{match[2]}"
    return None


def _own_names(source: Source) -> list[str]:
    """Return how Nix calls the user's own text in messages."""
    if isinstance(source, ExpressionSource):
        return [f"`{source.origin}'", "«string»", "(string)"]
    return [str(source.path)]


def lacking(error: NixError, source: Source) -> str | None:
    """Return what the tree seems to lack if an evaluation failed for a reason that is not the definition's.

    That is the missing attribute or option, else the error's first line; ``None`` if the definition is to blame.
    """
    if _OF_THE_USER.search(error.reason) or any(name in error.reason for name in _own_names(source)):
        return None
    match = _MISSING.search(error.reason)
    if match:
        return next(group for group in match.groups() if group)
    return error.reason.splitlines()[0].strip()
