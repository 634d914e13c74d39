"""``destroy``: stop containers and remove all that is theirs."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, cast

from extra_container import variables
from extra_container.cli import direct
from extra_container.cli.definition import DefinitionCommand, add_run_arguments
from extra_container.cli.parser import DefinitionParser, Meaning, Parser, meaning
from extra_container.cli.results.command import OPTIONS, ResultCommand
from extra_container.model import events
from extra_container.model.errors import UsageError
from extra_container.pipeline import build, destroy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extra_container.model.values import Request
    from extra_container.pipeline.context import Context


class DestroyParser(Parser):
    """Takes names, or a definition if the first word cannot be a name."""

    def __init__(self, definition: argparse.ArgumentParser, *, has_build: bool, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self._definition = definition
        self.others = (definition,)
        self._has_build = has_build

    def parse_args(  # type: ignore[override]  # argparse's overloads are for namespaces of other classes
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> argparse.Namespace:
        """Parse with the parser that the first word asks for; ``names`` is None for a definition."""
        words = list(args or [])
        if self._mean_definition(words):
            parsed = self._definition.parse_args(words, namespace)
            parsed.names, parsed.all = None, False
            return parsed
        parsed = super().parse_args(words, namespace)
        if parsed.all and parsed.names:
            raise UsageError(
                f"--all and {' '.join(parsed.names)} exclude each other", hint="Name containers, or use --all."
            )
        return parsed

    def _mean_definition(self, words: list[str]) -> bool:
        match _without_output(words):
            case []:
                return self._has_build
            case ["--", first, *_]:
                return direct.is_path(first)
            case [first, *_]:
                own = {"-a", "--all", "-h", "--help", "--"}
                return first not in own and (direct.is_path(first) or first.startswith("-"))
        raise AssertionError("a list has a first word or none")


def add_data_option(parser: argparse.ArgumentParser) -> None:
    """Add what spares the data."""
    parser.add_argument("--keep-data", action="store_true", help="leave the data where it is, for the next create")


def _without_output(words: list[str]) -> list[str]:
    """Return a command line without the options at its beginning that names and definitions have in common."""
    options = {**OPTIONS, "--keep-data": False}
    while words and (option := words[0].partition("=")[0]) in options:
        has_value = options[option] and option == words[0]
        words = words[1 + has_value :]
    return words


class Destroy(ResultCommand, DefinitionCommand):
    """Stop containers and remove all that is theirs, including their data."""

    lenient = True
    topic, place = "From a definition", 90
    anywhere = True
    epilog = (
        "What starts with `.`, `/` or `-` is a definition whose containers are destroyed;\n"
        "it takes the arguments of the command that it undoes.\n\n"
        "examples:\n"
        "  extra-container destroy web db\n"
        "  extra-container destroy ./web.nix\n"
        "  extra-container destroy --all\n"
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser for names and for definitions."""
        definition = cast("DefinitionParser", super().get_parser(prog_name))
        add_run_arguments(definition)
        add_data_option(definition)
        parser = DestroyParser(
            definition,
            has_build=bool(self.app.environment.get(variables.ETC)),
            prog=prog_name,
            description=self.get_description(),
            epilog=self.get_epilog(),
        )
        names = parser.add_argument("names", nargs="*", metavar="NAME", help="a container")
        meaning(names, Meaning.CONTAINER_OR_FILE)
        parser.add_argument("-a", "--all", action="store_true", help="destroy all extra containers")
        add_data_option(parser)
        self.add_core_arguments(parser)
        definition.also = frozenset(parser._option_string_actions)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Destroy the containers."""
        if parsed_args.names == [] and not parsed_args.all:
            raise UsageError("No container name specified", hint="Name containers, or use --all.")
        with self.context() as context:
            if parsed_args.names:
                return direct.destroy(parsed_args.names, context, keep_data=parsed_args.keep_data)
            if parsed_args.all:
                destroy.destroy(destroy.all_names(context), context, keep_data=parsed_args.keep_data)
            else:
                self._destroy_defined(self.request(parsed_args), context)
        return 0

    def _destroy_defined(self, request: Request, context: Context) -> None:
        names = build.defined_names(request, context)
        context.emit(events.Destroying(names=names))
        destroy.destroy(names, context, request=request, keep_data=request.keep_data)
