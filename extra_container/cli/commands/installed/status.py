"""``status``: one word for one container, a table for several."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from extra_container import output
from extra_container.cli import direct
from extra_container.cli.command import Command, NamesCommand
from extra_container.cli.output import formats
from extra_container.cli.output.display import ListCommand
from extra_container.cli.parser import count
from extra_container.cli.root import become_root
from extra_container.model.errors import UsageError

if TYPE_CHECKING:
    from extra_container.cli.views.status import Readings

_JOURNAL_LINES = 5
_INTERVAL = 2.0
_SHORTEST, _LONGEST = 0.1, 86400.0


class Status(ListCommand, NamesCommand):
    """Show how containers are: of one the word up, down or gone, of several or all a table.

    The exit code is 0 unless one of those that are named is gone.
    """

    topic, place = "Installed containers", 20
    anywhere = True

    needs_root = False
    names_needed = False
    epilog = (
        "examples:\n"
        "  extra-container status web\n"
        "  extra-container status\n"
        "  extra-container status --watch\n"
        "  extra-container status -f json web db\n"
        "  extra-container status -f value -c name -c state\n"
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser with names and the options of the table."""
        parser = super().get_parser(prog_name)
        parser.add_argument("-l", "--long", action="store_true", help="show the table also for one container")
        parser.add_argument(
            "-w",
            "--watch",
            action="store_true",
            help="show it again and again, until Ctrl-C; CPU is what is used now",
        )
        parser.add_argument(
            "--interval",
            type=_interval,
            default=_INTERVAL,
            metavar="SECONDS",
            help=f"with --watch: how long to wait in between (default: {_INTERVAL:g})",
        )
        add_arguments(parser)
        return parser

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the word or the table, or the table again and again."""
        wanted = self.checked_names(parsed_args)
        checks(parsed_args, self)
        if parsed_args.watch:
            return self._watch(parsed_args)
        table = (
            parsed_args.long or parsed_args.check or parsed_args.json_into is not None or formats.chosen(parsed_args)
        )
        if len(wanted) == 1 and not table:
            with self.context() as context:
                return direct.status(wanted[0], context, self.app.stdout)
        return super().run(parsed_args)

    def _watch(self, parsed_args: argparse.Namespace) -> int:
        if parsed_args.check:
            raise UsageError("--watch and --check exclude each other", hint="Definitions are evaluated once.")
        try:
            if formats.chosen(parsed_args) or not self.app.stdout.isatty():
                self._print_for_ever(parsed_args)
            else:
                self._paint_for_ever(parsed_args)
        except KeyboardInterrupt as interrupt:
            if type(interrupt) is not KeyboardInterrupt:
                raise  # the program is asked to end
        return 0

    def _print_for_ever(self, parsed_args: argparse.Namespace) -> None:
        """Print the result again and again, until nobody reads it any more."""
        while output.failure(self.app.stdout) is None:
            super().run(parsed_args)
            if not formats.chosen(parsed_args):
                self.app.stdout.write("\n")
            self.app.stdout.flush()
            time.sleep(parsed_args.interval)

    def _paint_for_ever(self, parsed_args: argparse.Namespace) -> None:
        from extra_container.cli.views import status as view
        from extra_container.cli.views.screen import Screen
        from extra_container.inspection import status

        screen = Screen(self.app.stdout)
        before: Readings = {}
        with self.context() as context:
            try:
                while True:
                    wanted = status.names(self.checked_names(parsed_args), context)
                    found = status.read(wanted, context, lines=parsed_args.lines)
                    now = time.monotonic()
                    used = {one.name: (now, one.usage.cpu) for one in found if one.usage.cpu is not None}
                    screen.paint(view.text(found, screen.width, shares=view.shares(before, used)))
                    before = used
                    time.sleep(parsed_args.interval)
            except KeyboardInterrupt:
                screen.leave()
                raise

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        """Return a row a container."""
        from extra_container.cli.views import status as view
        from extra_container.inspection import status

        with self.context() as context:
            wanted = status.names(self.checked_names(parsed_args), context)
            self._found = status.read(wanted, context, lines=parsed_args.lines, check=parsed_args.check)
        self.exit_code = 1 if any(one.state == status.GONE for one in self._found) else 0
        return view.COLUMNS, [view.values(one) for one in self._found]

    def text(self, columns: Sequence[str], data: Any, parsed_args: argparse.Namespace) -> str | None:  # noqa: ANN401 -- the base's
        """Return the table for people, with what there is to say of single containers below it."""
        del columns, data, parsed_args
        from extra_container.cli.output import terminal
        from extra_container.cli.views import status as view

        if not self._found:
            self.app.messages.tell("No containers are installed.")
            return ""
        return view.text(self._found, terminal.columns(self.app.stdout))


def _interval(text: str) -> float:
    seconds = float(text)
    if not _SHORTEST <= seconds < _LONGEST:
        raise ValueError(text)
    return seconds


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what decides how closely containers are looked at."""
    parser.add_argument(
        "--check",
        action="store_true",
        help="evaluate the definitions that the containers came from, and show whether they are what these say",
    )
    parser.add_argument(
        "-n",
        "--lines",
        type=count,
        default=_JOURNAL_LINES,
        metavar="N",
        help=f"show so many lines of the journal of a container that failed (default: {_JOURNAL_LINES})",
    )


def checks(parsed: argparse.Namespace, command: Command) -> bool:
    """Return whether definitions are to be evaluated; then the program becomes root."""
    if parsed.check:
        # Where containers came from is for root only, and so is evaluating it.
        become_root(command.invocation.argv, command.app.environment, command.app.command_manager.kept_variables)
    return bool(parsed.check)
