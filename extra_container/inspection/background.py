"""Reading a stream in a thread, since Python heeds a signal only between two waits."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import TypeVar

_T = TypeVar("_T")

# How long one wait for what was found may take, in seconds.
STEP = 0.2


def collect(items: Iterable[_T], found: queue.Queue[_T]) -> None:
    """Put what an iterable yields into a queue, in a thread that ends with it or with the process."""

    def work() -> None:
        with suppress(ValueError):  # the stream was closed, since all is over
            for item in items:
                found.put(item)

    threading.Thread(target=work, name="collect", daemon=True).start()
