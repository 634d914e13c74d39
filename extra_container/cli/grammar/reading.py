"""From parsers to the tree: the only reader of what argparse keeps to itself."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from extra_container.cli.grammar import elsewhere
from extra_container.cli.grammar.nodes import Group, Node, Operand, Option
from extra_container.cli.parser import BUILD_ARGS, PROGRAM, Meaning, global_parser, meaning_of
from extra_container.model.errors import PluginError

if TYPE_CHECKING:
    from extra_container.cli.app import Application

# Titles that argparse gives by itself.
_OPERANDS = "positional arguments"


def program(app: Application) -> Node:
    """Return the whole command line; a command that cannot be loaded has no arguments."""
    manager = app.command_manager
    rest = frozenset({BUILD_ARGS, *manager.rest_options()})
    return Node(
        path=(),
        groups=_groups(global_parser(), frozenset()),
        words=MappingProxyType({name: _command(app, name, rest) for name in manager.names()}),
        words_metavar="COMMAND",
    )


def _command(app: Application, name: str, rest: frozenset[str]) -> Node:
    try:
        factory, _, _ = app.command_manager.find_command([name])
    except PluginError:
        return Node(path=(name,))  # who calls the command is told
    command = factory(app, argparse.Namespace(), cmd_name=name)
    return node_of(elsewhere.parser_of(command, name, f"{PROGRAM} {name}"), (name,), rest)


def node_of(parser: argparse.ArgumentParser, path: tuple[str, ...], rest: frozenset[str]) -> Node:
    """Return the tree of one parser. ``rest`` are the names of options that take all words that follow."""
    words: dict[str, Node] = {}
    metavar = ""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            texts = {choice.dest: choice.help or "" for choice in action._choices_actions}
            metavar = str(action.metavar or "WORD")
            for word, below in action.choices.items():
                words[word] = _below(node_of(below, (*path, word), rest), texts.get(word, ""))
    description = parser.description or ""
    return Node(
        path=path,
        summary=description.partition("\n")[0],
        description=description,
        epilog=parser.epilog or "",
        groups=_groups(parser, rest),
        words=MappingProxyType(words),
        words_metavar=metavar,
    )


def _below(node: Node, summary: str) -> Node:
    return replace(node, summary=summary, description=node.description or summary)


def _groups(parser: argparse.ArgumentParser, rest: frozenset[str]) -> tuple[Group, ...]:
    found = []
    for group in parser._action_groups:
        shown = [action for action in group._group_actions if action.help != argparse.SUPPRESS]
        options = tuple(_option(action, rest, parser) for action in shown if action.option_strings)
        operands = tuple(
            _operand(action, parser)
            for action in shown
            if not action.option_strings and not isinstance(action, argparse._SubParsersAction)
        )
        if options or operands:
            title = "" if group.title == _OPERANDS else group.title or ""
            found.append(Group(title=title, options=options, operands=operands))
    return tuple(found)


def _option(action: argparse.Action, rest: frozenset[str], parser: argparse.ArgumentParser) -> Option:
    takes = action.nargs != 0
    return Option(
        names=tuple(action.option_strings),
        help=_help(action, parser),
        metavar=_metavar(action) if takes else "",
        meaning=_meaning(action),
        choices=_choices(action) if takes else (),
        rest=bool(rest.intersection(action.option_strings)),
    )


def _operand(action: argparse.Action, parser: argparse.ArgumentParser) -> Operand:
    return Operand(
        metavar=_metavar(action),
        help=_help(action, parser),
        meaning=_meaning(action),
        choices=_choices(action),
        optional=action.nargs in {"?", "*", argparse.REMAINDER},
        many=action.nargs in {"*", "+"},
        rest=action.nargs == argparse.REMAINDER,
    )


def _help(action: argparse.Action, parser: argparse.ArgumentParser) -> str:
    """Return the help as argparse prints it, with its own words for ``%(default)s`` and the like."""
    return " ".join(parser._get_formatter()._expand_help(action).split()) if action.help else ""


def _metavar(action: argparse.Action) -> str:
    if isinstance(action.metavar, tuple):
        return " ".join(action.metavar)
    return str(action.metavar or "|".join(_choices(action)) or action.dest.upper())


def _choices(action: argparse.Action) -> tuple[str, ...]:
    return tuple(map(str, cast("Iterable[object]", action.choices or ())))


def _meaning(action: argparse.Action) -> Meaning:
    said = meaning_of(action)
    if said is not Meaning.TEXT:
        return said
    is_path = action.type is Path or re.fullmatch(r"FILE|DIRECTORY|DEFINITION|PATH", _metavar(action))
    return Meaning.FILE if is_path and action.nargs != 0 and action.dest != "attr" else Meaning.TEXT
