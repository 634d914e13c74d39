"""What all commands share: cliff's command without its second plugin system, and the way to the pipeline."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn, cast

from cliff import command as cliff_command

from extra_container.model.errors import UsageError
from extra_container.state import names

if TYPE_CHECKING:
    from extra_container.cli.app import ExtraContainer
    from extra_container.pipeline.context import Context


class Parser(argparse.ArgumentParser):
    """argparse's parser with whole option names only and errors that look like all others."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(allow_abbrev=False, **kwargs)  # type: ignore[arg-type]  # argparse's own keywords

    def error(self, message: str) -> NoReturn:
        """Raise :class:`.UsageError` instead of leaving the program."""
        raise UsageError(message, hint=f"See `{self.prog} --help`.")


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Leaves the lines of description and epilog as they are, but breaks those that are wider than the terminal."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        import textwrap

        lines = []
        for line in super()._fill_text(text, width, indent).splitlines():
            margin = line[: len(line) - len(line.lstrip())]
            lines.append(textwrap.fill(line, width, subsequent_indent=margin, break_long_words=False))
        return "\n".join(lines)


class Command(cliff_command.Command):
    """Base of all commands. The docstring's first line is the one-line help."""

    needs_root = True
    epilog = ""
    app: ExtraContainer

    def _load_hooks(self) -> None:
        self._hooks = []

    def get_epilog(self) -> str:
        """Return the text below the options."""
        return self.epilog

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser without arguments."""
        return Parser(
            prog=prog_name,
            description=self.get_description(),
            epilog=self.get_epilog(),
            formatter_class=HelpFormatter,
        )

    @contextmanager
    def context(self) -> Iterator[Context]:
        """Load the plugins, recognise the host, and give what the pipeline works with."""
        from extra_container.cli import setup

        with setup.open_context(self.app, changes_machine=self.needs_root) as context:
            yield context


class NamesCommand(Command):
    """A command that takes the names of installed containers."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser that takes one or more names."""
        parser = super().get_parser(prog_name)
        parser.add_argument("names", nargs="+", metavar="NAME", help="a container")
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
        parser.add_argument("name", metavar="NAME", help="a container")
        return parser

    def checked_name(self, parsed_args: argparse.Namespace) -> str:
        """Return the name; raises UsageError for one that no container can have."""
        name = cast("str", parsed_args.name)
        names.check_known((name,))
        return name
