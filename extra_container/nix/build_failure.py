"""The derivations that could not be built, read from what Nix prints.

Nix tells of each failure where it happens, and then once more for every derivation that depends on it. A failure inside
an evaluation stands at the end of a trace.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

from extra_container.model.frozen import dataclass

_ERROR = "error:"
# Before 2.4 Nix wrote these two without `error:`.
_BEGINNING = re.compile(r"error:|builder for '|cannot build derivation '")
_DERIVATION = re.compile(r"'(/[^']+?\.drv)[^']*'")
_FAILED = re.compile(
    r"builder for '|Cannot build '|hash mismatch in |is required to build '|building of '|build of '.* on '"
)
_CONSEQUENCE = re.compile(
    r"\d+ dependenc(?:y|ies) (?:of derivation .* failed|failed|couldn't be built)|error: build of '.*' failed$"
)
_BUILDER = re.compile(r"builder for '[^']+' (failed .*)")
# Of these the rest of the line says nothing.
_KNOWN = re.compile(r"hash mismatch|timed out after .*")
_REASON = re.compile(r"Reason: (.*)")
_LAST_LINES = re.compile(r"last \d+ log lines:", re.IGNORECASE)
_END_OF_DETAILS = re.compile(r"Output paths:|For full logs|last \d+ log lines:", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildFailure:
    """A derivation that could not be built.

    ``derivation`` is its store path. ``details`` are further lines of Nix, ``log`` the last lines of the builder as far
    as Nix repeats them.
    """

    derivation: str
    reason: str
    details: tuple[str, ...] = ()
    log: tuple[str, ...] = ()


def failures(output: Sequence[str]) -> tuple[BuildFailure, ...]:
    """Return the derivations that failed by themselves, in order, given all lines that Nix printed on stderr."""
    found: list[BuildFailure] = []
    other: list[str] = []  # the last error that names no derivation: why a download failed, or what a builder printed
    for cause in map(_cause, _blocks(output)):
        match = _DERIVATION.search(cause[0])
        if _CONSEQUENCE.search("\n".join(cause[:2])):
            if not found and other and match:
                found.append(_unnamed(other, match[1]))
        elif match and _FAILED.search(cause[0]):
            found.append(_failure(cause, match[1], other))
            other = []
        else:
            other = cause
    return tuple(found)


def _blocks(output: Sequence[str]) -> Iterator[list[str]]:
    """Yield the errors: a line that begins one, and those after it that are indented or empty."""
    block: list[str] = []
    for line in output:
        if _BEGINNING.match(line):
            if block:
                yield block
            block = [line]
        elif block and (not line or line[0].isspace()):
            block.append(line)
        elif block:
            yield block
            block = []
    if block:
        yield block


def _cause(block: Sequence[str]) -> list[str]:
    """Return an error without the trace before it and without indentation."""
    starts = [number for number, line in enumerate(block) if line.lstrip().startswith(_ERROR)]
    first, *rest = block[starts[-1] if starts else 0 :]
    return [first.strip(), *textwrap.dedent("\n".join(rest)).splitlines()]


def _failure(cause: Sequence[str], derivation: str, other: Sequence[str]) -> BuildFailure:
    first, *rest = cause
    reasons = [match[1] for line in rest if (match := _REASON.match(line))]
    builder = _BUILDER.search(first)
    if other and "unable to download" in other[0]:
        # Nix' own downloader is a builder.
        return BuildFailure(derivation=derivation, reason=_text(other[0]))
    if builder:
        reason, details = f"builder {builder[1]}", []
    elif reasons:
        reason, details = reasons[0], _details(rest)
    else:
        known = _KNOWN.search(first)
        reason, details = known[0] if known else _text(_DERIVATION.sub("it", first)), _details(rest)
    return BuildFailure(derivation=derivation, reason=reason.rstrip(".;:"), details=tuple(details), log=_log(rest))


def _unnamed(other: Sequence[str], dependent: str) -> BuildFailure:
    return BuildFailure(derivation=dependent, reason=f"a dependency failed: {_text(other[0])}")


def _text(line: str) -> str:
    return line.removeprefix(_ERROR).strip()


def _details(lines: Sequence[str]) -> list[str]:
    """Return what Nix says of a failure besides the reason: hashes, platforms; not what it says of all."""
    kept: list[str] = []
    for line in lines:
        if _END_OF_DETAILS.match(line):
            break
        if line and not _REASON.match(line):
            kept.append(line)
    return kept


def _log(lines: Sequence[str]) -> tuple[str, ...]:
    found = [number for number, line in enumerate(lines) if _LAST_LINES.match(line)]
    if not found:
        return ()
    shown = [line for line in lines[found[0] + 1 :] if line.startswith("> ") or line == ">"]
    return tuple(line[2:] for line in shown)
