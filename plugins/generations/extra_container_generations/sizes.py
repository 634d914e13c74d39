"""How much of the store generations take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.plugin import dataclass, layout
from extra_container.plugin_command import Generation, closure

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Bytes in the store: ``whole`` of all that a generation needs, ``own`` of what no other generation here needs."""

    whole: int
    own: int


def store_paths(one: Generation) -> frozenset[str]:
    """Return the store paths of a generation that are there."""
    files = (one.unit, one.conf, one.system)
    found = {layout.STORE / file.relative_to(layout.STORE).parts[0] for file in files if file and _in_store(file)}
    return frozenset(str(path) for path in found if path.exists())


def _in_store(file: Path) -> bool:
    return file != layout.STORE and file.is_relative_to(layout.STORE)


def sizes(
    generations: Iterable[Generation], references: Mapping[str, tuple[int, tuple[str, ...]]]
) -> Mapping[int, Size]:
    """Return the sizes of generations by number. Pure but for :func:`store_paths`.

    ``references`` are the size of each store path in their closures, and what it refers to.
    """
    closures = {one.number: closure(store_paths(one), lambda path: references[path][1]) for one in generations}
    used = Counter(path for closure in closures.values() for path in closure)
    return {
        number: Size(
            whole=sum(references[path][0] for path in closure),
            own=sum(references[path][0] for path in closure if used[path] == 1),
        )
        for number, closure in closures.items()
    }
