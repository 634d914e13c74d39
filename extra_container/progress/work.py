"""How far Nix is."""

from __future__ import annotations

from collections.abc import Iterable

from extra_container.model.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """How far one or several processes of Nix are.

    ``builds`` and ``paths`` (fetched from a cache) are how many are done and how many there are to do, as far as that
    is known, ``fetched`` the same in bytes. ``building`` are the names of derivations whose builders run, ``line`` is
    what one of them printed last.
    """

    builds: tuple[int, int] = (0, 0)
    paths: tuple[int, int] = (0, 0)
    fetched: tuple[int, int] = (0, 0)
    building: tuple[str, ...] = ()
    line: str = ""


def together(every: Iterable[Work]) -> Work:
    """Return how far several processes are together."""
    works = tuple(every)

    def added(pairs: Iterable[tuple[int, int]]) -> tuple[int, int]:
        done, expected = zip(*pairs, strict=True) if works else ((), ())
        return sum(done), sum(expected)

    return Work(
        builds=added(work.builds for work in works),
        paths=added(work.paths for work in works),
        fetched=added(work.fetched for work in works),
        building=tuple(name for work in works for name in work.building),
        line=next((work.line for work in reversed(works) if work.line), ""),
    )
