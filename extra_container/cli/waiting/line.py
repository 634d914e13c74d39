"""What is waited for, in a line. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import MappingProxyType

from extra_container.cli.views import amounts
from extra_container.model.plain import one_line
from extra_container.progress.work import Work

_MOST_NAMES = 4

_PHASES = MappingProxyType(
    {
        "evaluate": "Evaluating the definition",
        "build": "Building",
        "install": "Installing",
        "start": "Waiting for the boot",
        "update": "Switching to the new system",
        "stop": "Waiting for the end",
        "destroy": "Removing",
        "remove": "Removing the files",
    }
)


def describe(phase: str, containers: Sequence[str], work: Work, processes: int, seconds: float) -> str:
    """Return what is waited for, how far it is, since when, and what a builder printed last."""
    last = f" > {one_line(work.line)}" if work.line and work.building else ""
    return f"{_what(phase, containers, work, processes)} ({amounts.span(seconds)}){last}"


def _what(phase: str, containers: Sequence[str], work: Work, processes: int) -> str:
    counts = list(_counts(work))
    title = _PHASES.get(phase, phase)
    if phase == "evaluate" and work.builds[1]:
        # One process does one after the other, and of several some may evaluate.
        title = "Evaluating and building" if processes > 1 else _PHASES["build"]
    if counts or work.building:
        parts = [_names(work.building), *counts] if work.building else counts
        return f"{title}: {'; '.join(parts)}"
    if phase == "evaluate" and processes > 1:
        return f"{title}, with {processes} processes"
    if phase in {"start", "stop"} and containers:
        return f"{title} of {_names(containers)}"
    return f"{title}: {_names(containers)}" if containers else title


def _counts(work: Work) -> Iterator[str]:
    if work.builds[1]:
        yield f"{work.builds[0]} of {work.builds[1]} built"
    done, expected = work.fetched
    sizes = f"{amounts.size(done)} of {amounts.size(expected)}" if expected else ""
    # Nix counts paths that it looks for in vain, too.
    if work.paths[0] or (sizes and work.paths[1]):
        yield f"{work.paths[0]} of {work.paths[1]} fetched" + (f" ({sizes})" if sizes else "")
    elif sizes:
        yield f"{sizes} fetched"


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(map(one_line, names[:_MOST_NAMES]))
    return shown if len(names) <= _MOST_NAMES else f"{shown} and {len(names) - _MOST_NAMES} more"
