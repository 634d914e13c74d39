"""Errors of Nix, told to people."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.model.errors import AbsentError, BuildError
from extra_container.model.values import Base, Definition
from extra_container.nix import build_failure, mistakes, option_names, place, trace

if TYPE_CHECKING:
    from extra_container.nix.build_failure import BuildFailure
    from extra_container.nix.place import Locate, Place
    from extra_container.nix.trace import Failure
    from extra_container.process import Completed

# With this begins what eval.nix says of the tree to evaluate with.
_NO_TREE = "no usable nixpkgs: "
# Says etc.nix of containers that are wanted and that there are not.
_ABSENT = re.compile(r"the definition has no container .*; it has (\[.*\])", re.DOTALL)
_BROKEN_TREE = re.compile(r"while evaluating the nixpkgs of (.+)")
_UNFOUND = re.compile(r"file '([^']+)' was not found in the Nix search path")
_LOG_LINES = 10
_MISMATCH = "hash mismatch"
_DOWNLOAD = "unable to download"


class NixError(BuildError):
    """An error of Nix.

    ``reason`` is the error itself, without the place in the user's text that led to it. ``final`` is whether a complete
    NixOS would not help. ``failure`` is the evaluation, if one failed. ``details`` of a failed build are
    ``derivation``, ``reason`` and ``log``.
    """

    def __init__(
        self,
        message: str,
        *,
        reason: str,
        hint: str | None = None,
        final: bool = False,
        failure: Failure | None = None,
        details: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.reason = reason
        self.final = final
        self.failure = failure
        self.details = details or {}


def build_error(
    done: Completed, definition: Definition, read_log: Callable[[str], Sequence[str]], locate: Locate
) -> NixError:
    """Return what to tell of a failed evaluation or build. Raises :class:`.AbsentError` if that is what failed it.

    ``read_log`` returns the lines of a derivation's log, none if there is no log. ``locate`` tells where the definition
    sets options.
    """
    output = done.stderr.splitlines()
    failures = build_failure.failures(output)
    return _not_built(failures, read_log) if failures else _not_evaluated(output, done, definition, locate)


def _not_built(failures: Sequence[BuildFailure], read_log: Callable[[str], Sequence[str]]) -> NixError:
    """Tell of the first failure in full and of the others in a line each."""
    first, *others = failures
    log: Sequence[str] = ()
    hint = None
    if _MISMATCH in first.reason:
        hint = "If the content is the right one, put the hash that it has into the definition."
    elif _DOWNLOAD in first.reason:
        hint = mistakes.UNREACHABLE
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


def _not_evaluated(output: Sequence[str], done: Completed, definition: Definition, locate: Locate) -> NixError:
    """Tell of an error of the evaluation: what, in which option, and where in the user's text.

    The trace is told only if the user asked for it.
    """
    failure = trace.read(output)
    if failure is None:
        lines = [*output[-10:], f"{Path(done.argv[0]).name} ended with code {done.returncode}"]
        return NixError(_message("\n".join(lines)), reason=lines[0])
    _require_present(failure, definition)
    unusable = _without_tree(failure, definition.base)
    if unusable is not None:
        return unusable
    found = place.find(failure, definition, locate)
    reason = place.for_reader(_of_argument(failure), failure, found, definition)
    known = mistakes.recognise(reason, found.config, definition=definition)
    final = known is not None and known.is_final
    if _asks_for_trace(definition.build_args):
        return NixError(_message(failure.text), reason=failure.reason, failure=failure, final=final)
    hint = known.hint if known else "`--build-args --show-trace` shows how Nix got there."
    message = _with_place(known.message if known else reason, failure, found, definition)
    return NixError(_message(message), reason=failure.reason, hint=hint, failure=failure, final=final)


def _require_present(failure: Failure, definition: Definition) -> None:
    """Raise :class:`.AbsentError` if the definition lacks containers that are wanted."""
    match = _ABSENT.fullmatch(failure.reason.strip())
    if match is not None and definition.only is not None:
        present: list[str] = json.loads(match[1])
        raise AbsentError([name for name in definition.only if name not in present], present)


def _of_argument(failure: Failure) -> str:
    """Return an error, and for a module's argument that nobody gives what it is, not where nixpkgs looked for it."""
    argument = next((step.argument for step in failure.steps[:3] if step.argument), None)
    if argument is None:
        return failure.reason
    if failure.reason.startswith(f"attribute '{argument}' missing"):
        return f"the module argument '{argument}' does not exist"
    return f"{failure.reason}\nwhile evaluating the module argument '{argument}'"


def _with_place(reason: str, failure: Failure, found: Place, definition: Definition) -> str:
    """Return an error with the option and the lines below it, as far as it does not say them itself."""
    lines = [reason, *(f"in {name}" for name in found.names if name not in reason)]
    if found.through is not None and option_names.shown(found.through) not in found.names:
        lines.append(f"while evaluating {option_names.shown(found.through)}")
    is_placed = failure.position is not None and place.is_users(failure.position, definition)
    places = [] if is_placed else [place.shown(position, definition.source) for position in found.positions]
    return "\n".join([*lines, *(f"at {where}" for where in places if where not in reason)])


def _without_tree(failure: Failure, base: Base) -> NixError | None:
    """Tell of a base that is no nixpkgs, ``None`` if the error is another one."""
    reason = failure.reason
    if reason.startswith(_NO_TREE):
        message, _, hint = reason.removeprefix(_NO_TREE).partition("\n")
        return NixError(message, reason=reason, hint=hint, final=True)
    unfound = _UNFOUND.search(reason)
    if unfound and f"<{unfound[1]}>" in base.expression:
        message = f"{base.option}: <{unfound[1]}> was not found in the Nix search path"
        return NixError(message, reason=reason, hint="Set NIX_PATH, or give the path with --nixpkgs-path.", final=True)
    broken = _BROKEN_TREE.search(failure.text)
    return unreadable_tree(broken[1], reason) if broken else None


def unreadable_tree(name: str, reason: str) -> NixError:
    """Tell that the expression for a nixpkgs, which the user knows by ``name``, cannot be evaluated."""
    known = mistakes.recognise(reason, name)
    hint = known.hint if known else "It takes the path of a nixpkgs, as Nix expression."
    return NixError(
        f"{name} cannot be evaluated:\n{textwrap.indent(reason, '  ')}", reason=reason, hint=hint, final=True
    )


def _message(text: str) -> str:
    return f"The definition could not be built:\n{textwrap.indent(text, '  ')}"


def _asks_for_trace(argv: Sequence[str]) -> bool:
    return "--show-trace" in argv or ("show-trace", "true") in pairwise(argv)
