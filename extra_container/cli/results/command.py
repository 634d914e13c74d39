"""Commands that change something, with a result document: its options, and when it is written."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from extra_container.cli.command import Command
from extra_container.cli.output import document
from extra_container.model.errors import ExtraContainerError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from extra_container.cli.results.collector import Collector
    from extra_container.cli.results.shape import State
    from extra_container.pipeline.context import Context


def add_options(parser: argparse._ActionsContainer) -> None:
    """Add the options that ask for a result document."""
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument(
        "-f",
        "--format",
        choices=["json"],
        dest="formatter",
        help="print what came of it as one JSON document; text goes to stderr",
    )
    choice.add_argument("--json", action="store_const", const="json", dest="formatter", help="the same as -f json")
    document.add_file_option(parser)


# Options of :func:`add_options`, and whether a value follows.
OPTIONS = {"-f": True, "--format": True, "--json": False, "--json-into": True}


class ResultCommand(Command):
    """A command that tells what came of it in a document, if it is asked to: base of commands that change something."""

    _collector: Collector | None = None
    _context: Context | None = None

    def add_core_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the options that ask for the document."""
        add_options(parser.add_argument_group("output"))

    @property
    def verb(self) -> str:
        """The command's name, whatever alias it was called by."""
        return re.sub(r"\B([A-Z])", r"-\1", type(self).__name__).lower()

    def asked(self, parsed_args: argparse.Namespace) -> tuple[str, ...]:
        """Return what a command line asks to be done to each container."""
        del parsed_args
        return (self.verb,)

    def named(self, parsed_args: argparse.Namespace) -> Sequence[str]:
        """Return the containers that a command line names."""
        one = getattr(parsed_args, "name", None)
        return tuple(getattr(parsed_args, "names", None) or ([one] if one else []))

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Do what the command is for; the document is written when it is over, whatever came of it."""
        if parsed_args.formatter or parsed_args.json_into:
            self._collect(parsed_args)
        return super().run(parsed_args)

    @contextmanager
    def context(self) -> Iterator[Context]:
        """Give the context, and keep in mind whom to ask what became of the containers."""
        with super().context() as context:
            self._context = context
            yield context

    @property
    def collector(self) -> Collector | None:
        """What collects the result, None if nobody asks for it."""
        return self._collector

    def _collect(self, parsed_args: argparse.Namespace) -> None:
        from extra_container.cli.results.collector import Collector

        messages, stack = self.app.messages, ExitStack()
        write = stack.enter_context(document.written_into(parsed_args.json_into))
        collector = self._collector = Collector(self.verb, self.asked(parsed_args), self.named(parsed_args))
        messages.add_follower(collector)
        if parsed_args.formatter:
            messages.move_text()

        def conclude(code: int) -> None:
            from extra_container.cli.output.lines import as_json

            with stack:
                states, addresses = _now(collector.names, self._context)
                found = as_json(collector.result(code, messages.seconds, states, addresses))
                write(found)
                if parsed_args.formatter:
                    self.app.stdout.write(document.as_text(found))

        messages.at_the_end(conclude)


def _now(names: Sequence[str], context: Context | None) -> tuple[Mapping[str, State | None], Mapping[str, str | None]]:
    """Return state and address of containers; those that cannot be found out are left out."""
    if context is None:
        return {}, {}
    from extra_container.cli.results.shape import State
    from extra_container.inspection.status import word
    from extra_container.pipeline import control

    existing = [name for name in names if control.exists(name, context)]
    known: dict[str, State | None] = {name: State.GONE for name in names if name not in existing}
    addresses: dict[str, str | None] = {}
    with suppress(ExtraContainerError, OSError):  # what the command itself came to matters more
        known |= {name: State(word(state)) for name, state in context.host.manager.states(existing).items()}
    for name in existing:
        with suppress(ExtraContainerError, OSError):
            addresses[name] = control.network(name, context).address or None
    return known, addresses
