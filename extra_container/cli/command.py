"""What all commands share: what cliff's commands are to their users, and the way to the pipeline.

It does not derive from cliff's own class, whose module takes longer to import than all the rest of a command. The
registry takes both kinds, and commands with cliff's formatters are of both.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, cast

from extra_container.cli.parser import Meaning, Parser, meaning
from extra_container.state import names

if TYPE_CHECKING:
    from extra_container.cli.app import Application
    from extra_container.cli.invocation import Invocation
    from extra_container.pipeline.context import Context


class Command:
    """Base of all commands. The docstring's first line is the one-line help.

    ``needs_root`` says whether it becomes root, ``changes_machine`` whether it changes the machine, and so refuses
    broken plugins; what needs root does, unless it says otherwise.
    ``kept_variables`` are environment variables that survive the way to root, for all commands. ``default_for_build``
    makes it the command that is meant where a build is given in the environment and no command is named. ``topic`` is
    its heading in the overview of all commands, ``place`` its place below that (smaller ones come first), ``try_it`` a
    command line to begin with. ``anywhere`` is whether plugins may carry it out on another machine.
    """

    needs_root = True
    changes_machine: bool | None = None
    kept_variables: ClassVar[Sequence[str]] = ()
    default_for_build = False
    anywhere = False
    topic = "More"
    place = 100
    try_it = ""
    epilog = ""

    def __init__(self, app: Application, app_args: argparse.Namespace | None, cmd_name: str | None = None) -> None:
        self.app = app
        self.app_args = app_args
        self.cmd_name = cmd_name

    @property
    def invocation(self) -> Invocation:
        """The call that this command serves."""
        return self.app.invocation

    def get_description(self) -> str:
        """Return what the command does: its own docstring, since that of its base says nothing of it."""
        import textwrap  # inspect.cleandoc does the same, and its import would be a twentieth of a `create`

        first, _, rest = (type(self).__doc__ or "").expandtabs().partition("\n")
        return f"{first.lstrip()}\n{textwrap.dedent(rest)}".strip("\n")

    def get_epilog(self) -> str:
        """Return the text below the options."""
        return self.epilog

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser without arguments."""
        return Parser(
            prog=prog_name,
            description=self.get_description(),
            epilog=self.get_epilog(),
        )

    def add_core_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add what commands of this kind have beside what they work on."""

    def take_action(self, parsed_args: argparse.Namespace) -> Any:  # noqa: ANN401 -- what bases that print take
        """Do what the command is for and return the exit code."""
        raise NotImplementedError

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Do what the command is for and return the exit code."""
        return self.take_action(parsed_args) or 0

    @property
    def _changes_machine(self) -> bool:
        return self.needs_root if self.changes_machine is None else self.changes_machine

    @contextmanager
    def context(self) -> Iterator[Context]:
        """Load the plugins, recognise the host, and give what the pipeline works with."""
        from extra_container.cli import setup

        with setup.open_context(self.invocation, changes_machine=self._changes_machine) as context:
            yield context


class NamesCommand(Command):
    """A command that takes the names of installed containers; none, too, unless ``names_needed``."""

    names_needed = True

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser that takes names."""
        parser = super().get_parser(prog_name)
        count = "+" if self.names_needed else "*"
        meaning(parser.add_argument("names", nargs=count, metavar="NAME", help="a container"), Meaning.CONTAINER)
        self.add_core_arguments(parser)
        return parser

    def checked_names(self, parsed_args: argparse.Namespace) -> tuple[str, ...]:
        """Return the names without repetitions; raises UsageError for one that no container can have."""
        wanted = tuple(dict.fromkeys(cast("list[str]", parsed_args.names)))
        names.check_known(wanted)
        return wanted


class NameCommand(Command):
    """A command that takes the name of one container."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser that takes one name."""
        parser = super().get_parser(prog_name)
        meaning(parser.add_argument("name", metavar="NAME", help="a container"), Meaning.CONTAINER)
        return parser

    def checked_name(self, parsed_args: argparse.Namespace) -> str:
        """Return the name; raises UsageError for one that no container can have."""
        name = cast("str", parsed_args.name)
        names.check_known((name,))
        return name
