"""What Nix prints of an evaluation that failed: the error itself and the trace that leads to it.

Newer versions of Nix print the trace first, from the outside to the inside, and then the error; in 2.8 the error comes
first.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from itertools import dropwhile
from pathlib import Path

from extra_container.model.frozen import dataclass

_ERROR = "error:"
_STEP = "…"
_POSITION = re.compile(r"\bat (.+?):(\d+):(\d+)(?::|$)", re.MULTILINE)
_ARGUMENT = re.compile(r"while evaluating the module argument [`'](.+?)' in \"(.*?)\"")
_OPTION = re.compile(r"while evaluating the option [`'](.+)':")
# A hint of Nix at what we ask it for anyway.
_SHOW_TRACE = "--show-trace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A place in a file, counted from one. ``file`` is how Nix names it."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    @property
    def is_of_nixpkgs(self) -> bool:
        """Whether it is in a tree of nixpkgs, or in the host base, which is laid out the same way."""
        parents = Path(self.file).parents if self.file.startswith("/") else ()
        return any((parent / "nixos/modules/module-list.nix").exists() for parent in parents)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step on the way to an error; of its fields those are set that this kind of step has.

    ``option`` is the option that was evaluated, as the module system names it. ``argument`` is a module's argument that
    was asked for, and ``module`` what the module system calls this module.
    """

    option: str | None = None
    argument: str | None = None
    module: str | None = None
    position: Position | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A failed evaluation.

    ``reason`` is the error itself, several lines perhaps, ``steps`` how Nix got there, the last one first, and ``text``
    everything that Nix printed of it.
    """

    reason: str
    steps: tuple[Step, ...]
    text: str

    @property
    def position(self) -> Position | None:
        """Where Nix itself says that the error is."""
        return position_in(self.reason)


def read(output: Sequence[str]) -> Failure | None:
    """Read the lines that Nix printed on stderr; ``None`` if there is no error among them."""
    lines = [*dropwhile(lambda line: not line.startswith(_ERROR), output)]
    if not lines:
        return None
    shown = [line for line in lines if _SHOW_TRACE not in line]
    trace, error, is_outside_in = _divide(shown)
    steps = [_step(step) for step in _step_texts(trace)]
    reason = "\n".join(part for part in (error[0].strip().removeprefix(_ERROR).strip(), _dedented(error[1:])) if part)
    return Failure(
        reason=reason, steps=tuple(reversed(steps) if is_outside_in else steps), text="\n".join(lines).rstrip()
    )


def position_in(text: str) -> Position | None:
    """Return the first ``at FILE:LINE:COLUMN`` of a text."""
    match = _POSITION.search(text)
    return Position(file=match[1], line=int(match[2]), column=int(match[3])) if match else None


def _divide(lines: Sequence[str]) -> tuple[Sequence[str], Sequence[str], bool]:
    """Return the trace, the error, and whether the trace leads from the outside to the inside."""
    if lines[0].strip() == _ERROR and _begins_step(next(filter(str.strip, lines[1:]), "")):
        # What a `throw` says may contain the word, but not at the indentation of Nix' own.
        starts = [number for number, line in enumerate(lines) if line.lstrip().startswith(_ERROR)]
        return lines[: starts[-1]], lines[starts[-1] :], True
    end = next((number for number, line in enumerate(lines) if _begins_step(line)), len(lines))
    return lines[end:], lines[:end], False


def _begins_step(line: str) -> bool:
    return line.lstrip().startswith(_STEP)


def _step_texts(trace: Sequence[str]) -> list[str]:
    texts: list[list[str]] = []
    for line in trace:
        if _begins_step(line):
            texts.append([])
        if texts:
            texts[-1].append(line)
    return ["\n".join(lines) for lines in texts]


def _step(text: str) -> Step:
    option = _OPTION.search(text)
    argument = _ARGUMENT.search(text)
    return Step(
        option=option[1] if option else None,
        argument=argument[1] if argument else None,
        module=argument[2] if argument else None,
        position=position_in(text),
    )


def _dedented(lines: Sequence[str]) -> str:
    return textwrap.dedent("\n".join(lines)).rstrip()
