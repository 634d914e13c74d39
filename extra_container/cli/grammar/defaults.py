"""Defaults of options that people set in files, put into a parser."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping

from extra_container.model.errors import UsageError

_BUILT_IN = "built_in"


def built_in(action: argparse.Action) -> object:
    """Return what an option's value is where neither the command line nor a file says anything."""
    return vars(action).get(_BUILT_IN, action.default)


def put(parsers: Iterable[argparse.ArgumentParser], options: Mapping[str, object]) -> tuple[str, ...]:
    """Make values the defaults of long options, given without the dashes; return the names that no parser has.

    Raises :class:`.UsageError` for a value that the option would not take.
    """
    unknown = []
    for name, value in options.items():
        actions = [
            action
            for parser in parsers
            for action in parser._actions
            if f"--{name}" in action.option_strings and not isinstance(action, argparse._HelpAction)
        ]
        for action in actions:
            vars(action)[_BUILT_IN] = built_in(action)
            action.default = _default(name, action, value)
        if not actions:
            unknown.append(name)
    return tuple(unknown)


def _default(name: str, action: argparse.Action, value: object) -> object:
    if action.nargs == 0:
        if not isinstance(value, bool) or action.const is not True:
            raise UsageError(f"--{name} as a setting is true or false, not {value!r}")
        return value
    many = isinstance(action, argparse._AppendAction)
    values = value if many and isinstance(value, list) else [value]
    if not all(isinstance(one, str | int | float) and not isinstance(one, bool) for one in values):
        raise UsageError(f"--{name} as a setting is text or a number, not {value!r}")
    converted = [_converted(name, action, str(one)) for one in values]
    return converted if many else converted[0]


def _converted(name: str, action: argparse.Action, text: str) -> object:
    convert = action.type
    try:
        value = convert(text) if callable(convert) else text
    except (ValueError, TypeError, argparse.ArgumentTypeError) as error:
        raise UsageError(f"--{name} does not take {text!r}") from error
    if action.choices is not None and value not in action.choices:
        raise UsageError(f"--{name} does not take {text!r}", hint=f"It takes {', '.join(map(str, action.choices))}.")
    return value
