"""Whether installed containers are what their definitions say: these are evaluated again, and nothing is built.

The derivation of a build names those of each container's unit and conf, whose outputs are the files that would be
installed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.model.errors import AbsentError, ExtraContainerError
from extra_container.model.frozen import dataclass, replace
from extra_container.model.values import BuiltSource, FileSource
from extra_container.pipeline import build
from extra_container.pipeline.history.origins import in_place
from extra_container.provenance import records

if TYPE_CHECKING:
    from extra_container.model.values import InstalledContainer, Request
    from extra_container.pipeline.context import Context
    from extra_container.process import Runner
    from extra_container.provenance.values import Place, Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a container is what its definition says, None where that cannot be found out; ``reason`` says why."""

    as_defined: bool | None
    reason: str | None = None


_SAME = Verdict(as_defined=True)
_UNKNOWN = Verdict(as_defined=None, reason="nobody wrote down which definition it came from")
_INCOMPLETE = Verdict(as_defined=None, reason="an option of a plugin that it was made with cannot be given again")
_LOST = Verdict(as_defined=None, reason="its definition is not there any more")
_DIFFERENT = Verdict(as_defined=False, reason="its definition says something else by now")
_LEFT_OUT = Verdict(as_defined=False, reason="its definition does not have it any more")


def check(containers: Sequence[InstalledContainer], context: Context) -> Mapping[str, Verdict]:
    """Return what is to be said of each container; every definition is evaluated once."""
    groups: dict[tuple[object, ...], list[tuple[InstalledContainer, Provenance]]] = {}
    verdicts: dict[str, Verdict] = {}
    for container in containers:
        known = records.read(container, context.host)
        if known is None:
            verdicts[container.name] = _UNKNOWN
        elif isinstance(source := known.request.source, FileSource | BuiltSource) and not source.path.exists():
            verdicts[container.name] = _LOST
        elif not known.complete:
            verdicts[container.name] = _INCOMPLETE
        else:
            groups.setdefault(known.key(), []).append((container, known))
    for members in groups.values():
        try:
            defined = _defined(members[0][1], context)
        except (ExtraContainerError, OSError) as error:
            reason = f"its definition cannot be evaluated: {_in_short(error)}"
            verdicts |= {container.name: Verdict(as_defined=None, reason=reason) for container, _ in members}
        else:
            verdicts |= {container.name: _verdict(container, defined) for container, _ in members}
    return verdicts


def _verdict(container: InstalledContainer, defined: frozenset[Path]) -> Verdict:
    """Compare a container with the store paths that its definition is built into. Pure."""
    own = {file for file in (_in_store(container.unit), container.conf) if file is not None}
    if own <= defined:
        return _SAME
    names = {_without_hash(path) for path in defined}
    return _DIFFERENT if any(_without_hash(file) in names for file in own) else _LEFT_OUT


def _in_store(unit: Path | None) -> Path | None:
    """Return the store path that a unit is in: the directory with it."""
    return None if unit is None or unit == Path(os.devnull) else unit.parent


def _without_hash(path: Path) -> str:
    return path.name.partition("-")[2]


def _defined(known: Provenance, context: Context) -> frozenset[Path]:
    """Return the store paths of the units and confs that a definition would install."""
    with _in_place(known.place, context) as placed, ExitStack() as stack:
        request = replace(known.request, command="build")
        try:
            return _paths(request, placed, stack)
        except AbsentError as error:
            left = tuple(name for name in request.only if name in error.present)
            return _paths(replace(request, only=left), placed, stack) if left else frozenset()


def _paths(request: Request, context: Context, stack: ExitStack) -> frozenset[Path]:
    if isinstance(request.source, BuiltSource):
        built = build.build(request, context, stack).containers
        return frozenset(path for one in built for path in (_in_store(one.unit), one.conf) if path is not None)
    return _outputs(build.evaluate(request, context, stack), context.runner)


def _outputs(derivation: str, runner: Runner) -> frozenset[Path]:
    """Return the outputs of what a derivation is directly built from."""
    query = ("nix-store", "--query")
    references = runner.run([*query, "--references", derivation]).stdout.split()
    inputs = [path for path in references if path.endswith(".drv")]
    if not inputs:
        return frozenset()
    return frozenset(map(Path, runner.run([*query, "--outputs", *inputs]).stdout.split()))


@contextmanager
def _in_place(place: Place, context: Context) -> Iterator[Context]:
    """Give a context that evaluates where a definition was read, and says nothing of it."""
    with in_place(place, context) as placed:
        yield replace(placed, emit=lambda _: None, tell=lambda _: None)


def _in_short(error: Exception) -> str:
    """Return the first sentence of an error: its first line, and the next one where that only leads to it."""
    text = error.message if isinstance(error, ExtraContainerError) else str(error)
    first, *rest = [line.strip() for line in text.splitlines() if line.strip()] or [type(error).__name__]
    return f"{first} {rest[0]}" if rest and first.endswith(":") else first
