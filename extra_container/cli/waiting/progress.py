"""What people at a terminal see while they wait: one line that says for what, how far it is, and since when.

It is drawn by rich, which is imported when somebody has waited for a moment. Where it is missing, or the terminal can
only print, nothing is drawn.
"""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

    from extra_container.progress.work import Work

# Who waits for less is not shown anything.
_PATIENCE_SECONDS = 0.5
_FRAMES = "|/-\\"
_A_SECOND = 8


class TerminalProgress:
    """Draws on the terminal of a file descriptor; everything else that is written there has to be in :meth:`paused`."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        # What is drawn. rich's thread asks for it with a lock of its own, so nobody waits for rich who has this one.
        self._facts = threading.Lock()
        self._phases: list[tuple[str, tuple[str, ...]]] = []
        self._works: dict[int, Work] = {}
        self._began = 0.0
        # Whether it is drawn.
        self._drawing = threading.RLock()
        self._timer: threading.Timer | None = None
        self._live: Live | None = None

    @contextmanager
    def phase(self, name: str, containers: Sequence[str]) -> Iterator[None]:
        """Show that a phase goes on, after a moment. The innermost one is shown."""
        with self._facts:
            self._phases.append((name, tuple(containers)))
            is_first = len(self._phases) == 1
        if is_first:
            self._begin()
        try:
            yield
        finally:
            with self._facts:
                self._phases.pop()
            if is_first:
                self._end()

    @contextmanager
    def process(self) -> Iterator[Callable[[Work], None]]:
        """Give what is to be called with how far a process of Nix is."""
        from extra_container.progress.work import Work

        key = object()

        def show(work: Work) -> None:
            with self._facts:
                self._works[id(key)] = work

        show(Work())
        try:
            yield show
        finally:
            with self._facts:
                del self._works[id(key)]

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Take the line away while something else is written."""
        with self._drawing:
            live = self._live
            if live is not None:
                live.stop()
            try:
                yield
            finally:
                if live is not None:
                    live.start()

    def line(self) -> str:
        """Return what is shown."""
        from extra_container.cli.waiting import line as waiting
        from extra_container.progress.work import together

        with self._facts:
            if not self._phases:
                return ""
            name, containers = self._phases[-1]
            work, processes = together(self._works.values()), len(self._works)
        seconds = time.monotonic() - self._began
        frame = _FRAMES[int(seconds * _A_SECOND) % len(_FRAMES)]
        return f"{frame} {waiting.describe(name, containers, work, processes, seconds)}"

    def _begin(self) -> None:
        with self._drawing:
            self._began = time.monotonic()
            self._timer = threading.Timer(_PATIENCE_SECONDS, self._open)
            self._timer.daemon = True
            self._timer.start()

    def _end(self) -> None:
        with self._drawing:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = None
            live, self._live = self._live, None
            if live is not None:
                live.stop()
                live.console.file.close()

    def _open(self) -> None:
        try:
            from rich.console import Console
            from rich.live import Live
        except ImportError:
            return
        with self._drawing:
            if self._timer is not threading.current_thread():
                return  # it is over
            from extra_container.output import LastingText

            raw = io.FileIO(os.dup(self._descriptor), "w")
            file = LastingText(io.BufferedWriter(raw), encoding="utf-8", errors="replace")
            console = Console(file=file)
            # Whoever is killed or suspended cannot show it again.
            console.show_cursor = lambda show=True: False  # type: ignore[method-assign]  # noqa: ARG005
            if not console.is_terminal or console.is_dumb_terminal:
                file.close()
                return
            self._live = Live(
                console=console,
                get_renderable=self._text,
                refresh_per_second=_A_SECOND,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()

    def _text(self) -> Text:
        from rich.text import Text

        return Text(self.line(), no_wrap=True, overflow="ellipsis")
