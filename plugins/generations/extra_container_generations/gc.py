"""The command ``gc``."""

from __future__ import annotations

import argparse
import time
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from extra_container.plugin import InstallError, events
from extra_container.plugin_command import (
    Context,
    History,
    ListCommand,
    NamesCommand,
    all_generations,
    count,
    forget_generations,
    parse_span,
    read_generations,
    read_traces,
    remove_generations,
    state_directory,
    with_running_systems,
)
from extra_container_generations.keeping import KEPT, superfluous


class Gc(ListCommand, NamesCommand):
    """Throw old generations away, of some containers or of all, so that Nix can collect what only they needed.

    What is installed, what runs, and the last generation with which a container did well always stay.
    """

    topic, place = "Installed containers", 62
    anywhere = True
    names_needed = False
    epilog = (
        f"Without --keep and --older-than the newest {KEPT} stay. With both, what one of them keeps stays.\n"
        "Of containers that are not installed any more nothing stays. Packages are freed by `nix-store --gc`.\n\n"
        "examples:\n"
        "  extra-container gc\n"
        "  extra-container gc --keep 3 web\n"
        "  extra-container gc --older-than 30d\n"
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser with names and what to keep."""
        parser = super().get_parser(prog_name)
        parser.add_argument("--keep", type=count, metavar="N", help="keep the newest N, whatever their age")
        parser.add_argument(
            "--older-than", type=_age, metavar="SPAN", help="throw away what is older: 30d, 12h, '2 weeks'"
        )
        parser.add_argument("-n", "--dry-run", action="store_true", help="show what would go, and do nothing")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        """Return a row a container: what is gone, and what stays."""
        wanted = self.checked_names(parsed_args)
        with self.context() as context:
            for name in wanted:
                if not read_generations(name, context.host).generations:
                    state_directory(name, context)  # it exists
            with context.lock("gc"):
                histories, present = _histories(wanted, context), read_traces(context.host)
                running = with_running_systems([one for one in histories if one.container in present], context)
                self._rows = [self._one(one, running.get(one.container), parsed_args, context) for one in histories]
        self._dry_run = parsed_args.dry_run
        return ("name", "removed", "kept"), self._rows

    def _one(
        self, history: History, running: Collection[int] | None, parsed_args: argparse.Namespace, context: Context
    ) -> tuple[str, list[int], list[int]]:
        """Throw away what is superfluous; ``running`` are the generations that run, None of one that is not there."""
        name, numbers = history.container, tuple(one.number for one in history.generations)
        gone = numbers
        if running is not None:
            age = parsed_args.older_than
            gone = superfluous(history, running, keep=parsed_args.keep, older_than=age, now=time.time())
        if not parsed_args.dry_run:
            try:
                remove_generations(name, gone, context.host)
                if running is None:
                    forget_generations(name, context.host)
            except OSError as error:
                raise InstallError(f"Removing {error.filename} failed: {error.strerror}") from error
            if gone:
                context.emit(events.GenerationsRemoved(name=name, generations=gone))
        return name, list(gone), [number for number in numbers if number not in gone]

    def text(self, columns: Sequence[str], data: Any, parsed_args: argparse.Namespace) -> str | None:  # noqa: ANN401 -- the base's
        """Return a line a container of which something goes."""
        del columns, data, parsed_args
        lines = [
            f"{name}: {'would remove' if self._dry_run else 'removed'} {_listed(gone)}; "
            f"{'would keep' if self._dry_run else 'kept'} {_listed(kept)}\n"
            for name, gone, kept in self._rows
            if gone
        ]
        if not lines:
            self.app.messages.tell("No generations are superfluous.")
        elif not self._dry_run:
            self.app.messages.tell("`nix-store --gc` frees what only they needed.")
        return "".join(lines)


def _histories(wanted: Sequence[str], context: Context) -> list[History]:
    if wanted:
        return [read_generations(name, context.host) for name in wanted]
    return list(all_generations(context.host))


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers)) or "none"


def _age(text: str) -> float:
    if text.strip().isdecimal():
        raise argparse.ArgumentTypeError(f"{text} of what? Examples: {text.strip()}d, {text.strip()}h")
    return parse_span(text)
