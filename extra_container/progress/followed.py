"""A runner whose Nix tells how far it is."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from extra_container.process import Completed, Runner

if TYPE_CHECKING:
    from extra_container.progress.activity import Line
    from extra_container.progress.work import Work

_PROGRAMS = frozenset({"nix-build", "nix-instantiate"})
_LOG_FORMAT = "--log-format"


class Progress(Protocol):
    """Who shows people what is waited for."""

    def phase(self, name: str, containers: Sequence[str]) -> AbstractContextManager[None]:
        """Show, while the block goes on, that a phase does, named as in :class:`.origin.Phase`."""
        ...

    def process(self) -> AbstractContextManager[Callable[[Work], None]]:
        """Give what is to be called with how far a process of Nix is while that runs; safe in every thread."""
        ...


class FollowedRunner(Runner):
    """Runs programs as every :class:`.Runner` does, and has Nix tell ``progress`` how far it is.

    Of what Nix prints, lines that only tell what goes on are not handed out one by one: builders' output, and what will
    be built and fetched. The result has all of them, as Nix prints them otherwise.
    """

    def __init__(self, *, progress: Progress, environment: Mapping[str, str]) -> None:
        super().__init__(environment=environment)
        self._progress = progress

    def stream(
        self,
        argv: Sequence[str],
        *,
        on_stderr: Callable[[str], None],
        environment: Mapping[str, str] | None = None,
    ) -> Completed:
        """Run a program as :meth:`.Runner.stream` does."""
        if not _is_followed(argv):
            return super().stream(argv, on_stderr=on_stderr, environment=environment)
        from extra_container.progress.activity import Decoder

        decoder = Decoder()
        lines: list[Line] = []
        with self._progress.process() as show:

            def on_line(text: str) -> None:
                new = decoder.read(text)
                lines.extend(new)
                for line in new:
                    if line.important:
                        on_stderr(line.text)
                show(decoder.work)

            words = [*argv, _LOG_FORMAT, "internal-json"]
            done = super().stream(words, on_stderr=on_line, environment=environment)
        text = "".join(f"{line.text}\n" for line in lines if not line.note)
        return Completed(argv=done.argv[:-2], returncode=done.returncode, stdout=done.stdout, stderr=text)


def _is_followed(argv: Sequence[str]) -> bool:
    """Whether a command line is Nix', perhaps started by another program, and says nothing of the log itself."""
    return any(os.path.basename(word) in _PROGRAMS for word in argv) and _LOG_FORMAT not in argv  # noqa: PTH119 -- a word
