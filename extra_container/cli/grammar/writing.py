"""From parsed values back to words: the command line that means the same."""

from __future__ import annotations

import argparse
from collections.abc import Collection

from extra_container.cli.grammar import defaults


def words_of(parser: argparse.ArgumentParser, parsed: argparse.Namespace, without: Collection[str] = ()) -> list[str]:
    """Return options and operands that parse to the same values.

    Arguments whose names are in ``without``, and those that are as they are by themselves, are left out; what a file
    has made their default is not.
    """
    words: list[str] = []
    written = {"help", *without}
    for action in parser._actions:
        if not action.option_strings or action.dest in written:
            continue
        given = _option(action, getattr(parsed, action.dest, action.default))
        if given:
            written.add(action.dest)
            words += given
    return [*words, *_operands(parser, parsed, without)]


def _option(action: argparse.Action, value: object) -> list[str]:
    if value == defaults.built_in(action):
        return []
    name = max(action.option_strings, key=len)
    match action:
        case argparse._StoreConstAction():
            return [name] if value == action.const else []
        case argparse._AppendAction() if isinstance(value, list):
            return [f"{name}={each}" for each in value]
        case _:
            return [f"{name}={value}"]


def _operands(parser: argparse.ArgumentParser, parsed: argparse.Namespace, without: Collection[str]) -> list[str]:
    operands: list[str] = []
    rest: list[str] = []
    for action in parser._actions:
        if action.option_strings or action.dest in without:
            continue
        value = getattr(parsed, action.dest, None)
        if action.nargs == argparse.REMAINDER:
            rest = [str(each) for each in value or ()]
        elif isinstance(value, list | tuple):
            operands += map(str, value)
        elif value is not None:
            operands.append(str(value))
    if rest:
        return [*operands, *rest]
    return ["--", *operands] if operands else []
