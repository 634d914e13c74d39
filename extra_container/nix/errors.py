"""Errors of Nix, told to people."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from itertools import dropwhile, pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.model.errors import BuildError
from extra_container.model.values import Base, Definition, ExpressionSource, Source
from extra_container.nix import build_failure

if TYPE_CHECKING:
    from extra_container.nix.build_failure import BuildFailure
    from extra_container.process import Completed

# What only a definition can get wrong, or what a complete NixOS would meet as well.
_OF_THE_USER = re.compile(
    r"The option `containers\.|Failed assertions|not a usable name|syntax error|undefined variable|"
    r"cannot build|unrecognised|unable to download|not found in the Nix search path"
)
# With this begins what eval.nix says of the tree to evaluate with.
_NO_TREE = "no usable nixpkgs: "
_POSITION = re.compile(r"\bat (\S+?):(\d+:\d+)")
_UNFOUND = re.compile(r"file '([^']+)' was not found in the Nix search path")
_MISSING = re.compile(r"attribute '([^']+)' missing|The option `([^']+)' does not exist|path '([^']+)' does not exist")
_LOG_LINES = 10
_MISMATCH = "hash mismatch"
_DOWNLOAD = "unable to download"
_UNREACHABLE = "Check the address, and whether this machine reaches it."


class NixError(BuildError):
    """An error of Nix.

    ``reason`` is the error itself, without the place in the user's text that led to it. ``final`` is whether a complete
    NixOS would not help. ``details`` of a failed build are ``derivation``, ``reason`` and ``log``.
    """

    def __init__(
        self,
        message: str,
        *,
        reason: str,
        hint: str | None = None,
        final: bool = False,
        details: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.reason = reason
        self.final = final
        self.details = details or {}


def build_error(done: Completed, definition: Definition, read_log: Callable[[str], Sequence[str]]) -> NixError:
    """Return what to tell of a failed evaluation or build.

    ``read_log`` returns the lines of a derivation's log, none if there is no log.
    """
    said = done.stderr.splitlines()
    failures = build_failure.failures(said)
    return _not_built(failures, read_log) if failures else _not_evaluated(said, done, definition)


def _not_built(failures: Sequence[BuildFailure], read_log: Callable[[str], Sequence[str]]) -> NixError:
    """Tell of the first failure in full and of the others in a line each."""
    first, *others = failures
    log: Sequence[str] = ()
    hint = None
    if _MISMATCH in first.reason:
        hint = "If the content is the right one, put the hash that it has into the definition."
    elif _DOWNLOAD in first.reason:
        hint = _UNREACHABLE
    else:
        log = (read_log(first.derivation) or first.log)[-_LOG_LINES:]
        if log:
            hint = f"`nix-store --read-log {first.derivation}` shows the whole log."
    lines = [
        f"{first.derivation}: {first.reason}",
        *(f"  {line}" for line in first.details),
        *(["Its log ends:"] if log else []),
        *(f"  {line}" for line in log),
        *(f"{other.derivation}: {other.reason}" for other in others),
    ]
    return NixError(
        _message("\n".join(lines)),
        reason=first.reason,
        hint=hint,
        final=True,
        details={"derivation": first.derivation, "reason": first.reason, "log": [*log]},
    )


def _not_evaluated(said: Sequence[str], done: Completed, definition: Definition) -> NixError:
    """Tell of an error of the evaluation.

    Of a trace only the last place in the user's own text is told, unless the user asked for the trace.
    """
    lines = _from_error_on(said) or [*said[-10:], f"{Path(done.argv[0]).name} ended with code {done.returncode}"]
    text = [line for line in lines if "--show-trace" not in line]
    trace, reason, later = _parts(text)
    told = _without_tree(reason, definition.base)
    if told is not None:
        return told
    if _asks_for_trace(done.argv):
        return NixError(_message("\n".join(lines)), reason=reason)
    place = _place(trace, definition.source)
    shown = reason if place is None or place in reason else f"{reason}\n{place}"
    hint = None
    if _DOWNLOAD in reason:
        hint = _UNREACHABLE
    elif len(text) != len(lines) or trace or later:
        hint = "`--build-args --show-trace` shows how Nix got there."
    return NixError(_message(shown), reason=reason, hint=hint)


def _from_error_on(said: Sequence[str]) -> list[str]:
    return [*dropwhile(lambda line: not line.startswith("error:"), said)]


def _parts(text: Sequence[str]) -> tuple[Sequence[str], str, Sequence[str]]:
    """Return an error itself, and the trace: newer versions of Nix print it before the error, older ones after it."""
    errors = [number for number, line in enumerate(text) if line.lstrip().startswith("error:")]
    start = errors[-1] if errors else 0
    ends = [number for number, line in enumerate(text) if number > start and line.lstrip().startswith("…")]
    end = ends[0] if ends else len(text)
    first, *rest = text[start:end]
    parts = [first.strip().removeprefix("error:").strip(), textwrap.dedent("\n".join(rest)).rstrip()]
    return text[:start], "\n".join(part for part in parts if part), text[end:]


def _without_tree(reason: str, base: Base) -> NixError | None:
    """Tell of a base that is no nixpkgs, ``None`` if the error is another one."""
    if reason.startswith(_NO_TREE):
        message, _, hint = reason.removeprefix(_NO_TREE).partition("\n")
        return NixError(message, reason=reason, hint=hint, final=True)
    unfound = _UNFOUND.search(reason)
    if unfound and f"<{unfound[1]}>" in base.expression:
        message = f"{base.option}: <{unfound[1]}> was not found in the Nix search path"
        return NixError(message, reason=reason, hint="Set NIX_PATH, or give the path with --nixpkgs-path.", final=True)
    return None


def _message(text: str) -> str:
    return f"The definition could not be built:\n{textwrap.indent(text, '  ')}"


def _asks_for_trace(argv: Sequence[str]) -> bool:
    return "--show-trace" in argv or ("show-trace", "true") in pairwise(argv)


def _place(trace: Sequence[str], source: Source) -> str | None:
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
    blamed = _OF_THE_USER.search(error.reason) or any(name in error.reason for name in _own_names(source))
    if error.final or blamed:
        return None
    match = _MISSING.search(error.reason)
    if match:
        return next(group for group in match.groups() if group)
    return error.reason.splitlines()[0].strip()
