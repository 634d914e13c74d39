"""The command ``generations``."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from extra_container.plugin import ProcessError
from extra_container.plugin_command import (
    Column,
    Context,
    Generation,
    History,
    ListCommand,
    NameCommand,
    closures_of,
    moment_text,
    read_generations,
    running_generation,
    size_text,
    state_directory,
    table_lines,
    timestamp,
)
from extra_container_generations import words
from extra_container_generations.sizes import Size, sizes, store_paths

_COLUMNS = (
    *("number", "date", "installed", "running", "verdict", "reason", "change", "changed", "differences"),
    *("size", "own_size", "system", "unit", "conf", "build"),
)
_TABLE = (
    Column(title="NUMBER", right=True),
    Column(title="DATE"),
    Column(title="STATE"),
    Column(title="CHANGED", weight=3),
    Column(title="SIZE", weight=2, right=True),
    Column(title="OWN", weight=1, right=True),
)


class Generations(ListCommand, NameCommand):
    """List what a container was before: number, date, what changed, which one is installed and runs, sizes.

    SIZE is what a generation takes in the store, OWN what no other generation of the container needs.
    """

    topic, place = "Installed containers", 60
    anywhere = True
    epilog = (
        "Each change of a container makes a generation; its number is never given again. With a failed one the\n"
        "container did not come up, or was not healthy.\n\n"
        "examples:\n"
        "  extra-container generations web\n"
        "  extra-container generations web -f json\n"
        "  nix profile diff-closures --profile /nix/var/nix/profiles/extra-container/web/system\n"
    )

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        """Return a row a generation, the oldest first."""
        name = self.checked_name(parsed_args)
        with self.context() as context:
            history = read_generations(name, context.host)
            if not history.generations:
                _require(name, context)
            self._history = history
            self._running = running_generation(history, context)
            self._sizes = _sizes(history, context)
        return _COLUMNS, [self._row(one) for one in history.generations]

    def _row(self, one: Generation) -> tuple[object, ...]:
        size = self._sizes.get(one.number)
        differences = [
            {"place": of.place.value, "before": of.before, "after": of.after, "live": of.live} for of in one.differences
        ]
        return (
            *(one.number, timestamp(one.time), one.number == self._history.current, one.number == self._running),
            *(one.verdict.value, one.reason or None, None if one.change is None else one.change.value),
            *(list(words.changed(one)), differences),
            *(None if size is None else size.whole, None if size is None else size.own),
            *(None if one.system is None else str(one.system), str(one.unit), str(one.conf)),
            None if one.provenance is None else str(one.provenance.build),
        )

    def text(self, columns: Sequence[str], data: Any, parsed_args: argparse.Namespace) -> str | None:  # noqa: ANN401 -- the base's
        """Return the table for people."""
        del columns, data
        if not self._history.generations:
            self.app.messages.tell(
                f"{parsed_args.name} has no generations yet: it gets the first ones when it is next changed."
            )
            return ""
        rows = [self._cells(one) for one in self._history.generations]
        return "".join(f"{line}\n" for line in table_lines(_TABLE, rows, None))

    def _cells(self, one: Generation) -> tuple[str, ...]:
        size = self._sizes.get(one.number)
        state = [
            *(["installed"] if one.number == self._history.current else []),
            *(["running"] if one.number == self._running else []),
            *([one.verdict.value] if one.verdict.value in {"failed", "healthy"} else []),
        ]
        return (
            str(one.number),
            moment_text(one.time),
            ", ".join(state) or "-",
            ", ".join(words.changed(one)) or "-",
            size_text(None if size is None else size.whole),
            size_text(None if size is None else size.own),
        )


def _require(name: str, context: Context) -> None:
    """Raise :class:`.UsageError` for a container that is not there."""
    state_directory(name, context)


def _sizes(history: History, context: Context) -> Mapping[int, Size]:
    try:
        known = closures_of((path for one in history.generations for path in store_paths(one)), context.runner)
        return sizes(history.generations, {path: (info.size, info.references) for path, info in known.items()})
    except (ProcessError, ValueError, KeyError) as error:
        context.tell(f"Sizes are not known: {error}")
        return {}
