"""Builds that begin while other containers are evaluated."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from extra_container.model.errors import ExtraContainerError
from extra_container.nix import command

if TYPE_CHECKING:
    from extra_container.model.values import Definition
    from extra_container.process import Runner

# With these a build that is broken off, or takes place twice, leaves more behind than one.
_ONCE = frozenset({"-K", "--keep-failed", "--check", "--repeat", "--dry-run"})

_Queue = SimpleQueue[Sequence[str] | None]


class _EnoughError(Exception):
    """All is evaluated."""


def may_build(definition: Definition) -> bool:
    """Whether a part of a definition's build can take place before the rest of it."""
    return _ONCE.isdisjoint(definition.build_args)


@contextmanager
def building(definition: Definition, directory: Path, runner: Runner) -> Iterator[Callable[[Sequence[str]], None]]:
    """Give what takes derivations to build while the block goes on; what is not built at its end is broken off.

    So no more is built at once than Nix is told to, and nothing is waited for: what was begun in vain has taken no
    longer than the evaluation. Nobody is told of these builds, and not of their failures: the whole build, which comes
    after them, takes what they finished, and fails where they did.
    """
    queue: _Queue = SimpleQueue()
    # What ends with the block is left by an exception, as whoever is interrupted leaves it.
    with suppress(_EnoughError), ThreadPoolExecutor(max_workers=1) as pool, runner.together() as own:
        working = pool.submit(_build_all, queue, definition, directory, own)
        try:
            yield queue.put
        finally:
            queue.put(None)
        raise _EnoughError
    working.result()


def _build_all(queue: _Queue, definition: Definition, directory: Path, runner: Runner) -> None:
    with suppress(ExtraContainerError):  # it was broken off, or the build that comes after it tells why
        for number in count():
            derivations = _next(queue)
            if derivations is None:
                return
            command.build_silently(derivations, definition, directory / f"early-{number}", runner)


def _next(queue: _Queue) -> list[str] | None:
    """Wait for derivations and return all that are there; ``None`` if there will be no more."""
    found: list[str] = []
    while not found or not queue.empty():
        some = queue.get()
        if some is None:
            return None
        found += some
    return found
