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
_MISSING = re.compile(r"attribute '([^']+)' missing|The option `([^']+)' does not exist|file '([^']+)' was not found")


def build_error(lines: list[str], done: Completed) -> BuildError:
    """Return what to tell of a failed evaluation or build, given Nix' lines from ``error:`` on."""
    if not lines:
        said = done.stderr.strip().splitlines()[-10:]
        lines = [*said, f"{Path(done.argv[0]).name} ended with code {done.returncode}"]
    text = [line for line in lines if "--show-trace" not in line]
    while text and not text[-1].strip():
        text.pop()
    first, *rest = text
    first = first.removeprefix("error:").strip()
    shown = textwrap.indent("\n".join(line for line in [first, textwrap.dedent("\n".join(rest))] if line), "  ")
    shortened = len(text) != len(lines)
    return BuildError(
        f"The definition could not be built:\n{shown}",
        hint="`--build-args --show-trace` shows how Nix got there." if shortened else None,
    )


def lacking(error: BuildError, source: Source) -> str | None:
    """Return what the tree seems to lack if an evaluation failed for a reason that is not the definition's.

    That is the missing attribute or option, else the error's first line; ``None`` if the definition is to blame.
    """
    own = [f"`{source.origin}'", "«string»", "(string)"] if isinstance(source, ExpressionSource) else [str(source.path)]
    if _OF_THE_USER.search(error.message) or any(name in error.message for name in own):
        return None
    match = _MISSING.search(error.message)
    if match:
        return next(group for group in match.groups() if group)
    return error.message.splitlines()[1].strip()
