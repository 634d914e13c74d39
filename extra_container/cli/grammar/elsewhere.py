"""Command lines that are carried out elsewhere: by a plugin whose options say where."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from extra_container.cli.grammar import defaults
from extra_container.cli.parser import DefinitionParser, without_colours
from extra_container.model.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from extra_container.hooks.facade import Hooks


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A command line that was understood and not yet acted upon.

    ``name`` is the command's, ``command`` the :class:`.Command` itself. ``places`` are the names of the values in
    ``parsed`` that say where it is carried out.
    """

    name: str
    command: Any
    parser: argparse.ArgumentParser
    parsed: argparse.Namespace
    places: frozenset[str]


def parser_of(command: Any, name: str, prog: str) -> argparse.ArgumentParser:  # noqa: ANN401 -- which imports this
    """Return a command's parser with all its options, those of plugins that say where it is carried out included."""
    parser: argparse.ArgumentParser = without_colours(command.get_parser(prog))
    if not getattr(command, "anywhere", False):  # a plugin may derive from cliff's own classes
        return parser
    hooks = command.invocation.plugins.remembering_hooks()
    before = {action.dest for action in parser._actions}
    for each in (parser, *getattr(parser, "others", ())):
        hooks.add_places(name, each)
    places = frozenset({action.dest for action in parser._actions} - before)
    for each in (parser, *getattr(parser, "others", ())):
        if isinstance(each, DefinitionParser):
            each.core |= places
    vars(parser)["places"] = places
    return parser


def taken_over(call: Call) -> Callable[[], int] | None:
    """Return what carries a command line out elsewhere and returns its exit code; None if it is for this machine."""
    options = [action for action in call.parser._actions if action.dest in call.places]
    if all(getattr(call.parsed, option.dest, None) == defaults.built_in(option) for option in options):
        return None
    hooks: Hooks = call.command.invocation.plugins.remembering_hooks()
    return hooks.elsewhere(call)


def places_of(parser: argparse.ArgumentParser) -> frozenset[str]:
    """Return the names of the options that say where a command is carried out."""
    places: frozenset[str] = vars(parser).get("places", frozenset())
    return places
