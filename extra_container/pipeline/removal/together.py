"""Several removals at once: most of each is waiting for the disk."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TypeAlias, TypeVar

from extra_container.process import result
from extra_container.systemd.capacity import boots_at_once

_T = TypeVar("_T")
_Key = TypeVar("_Key")
Heed: TypeAlias = Callable[[], None]


class _OverError(Exception):
    """Other removals were broken off, so that this one is, too."""


def together(work: Mapping[_Key, Callable[[Heed], _T]]) -> dict[_Key, _T]:
    """Do all that is in ``work``, and return what each returned.

    Each is given what it has to call again and again: an interruption, or what another one raises, ends all of them
    before it passes.
    """
    if len(work) < 2:
        return {key: do(lambda: None) for key, do in work.items()}
    from concurrent.futures import ThreadPoolExecutor

    over = threading.Event()

    def heed() -> None:
        if over.is_set():
            raise _OverError

    with ThreadPoolExecutor(max_workers=boots_at_once()) as pool:
        try:
            futures = {key: pool.submit(do, heed) for key, do in work.items()}
            return {key: result(future) for key, future in futures.items()}
        except BaseException:
            over.set()
            raise
