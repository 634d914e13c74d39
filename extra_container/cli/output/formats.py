"""The options of cliff's formatters, known without loading any of them.

A test compares them with what cliff has.
"""

from __future__ import annotations

import argparse
import os
from typing import Any

from extra_container.cli.output import document

LISTS = ("csv", "json", "table", "value", "yaml")
RECORDS = ("json", "shell", "table", "value", "yaml")


def add_options(parser: argparse.ArgumentParser, *, lists: bool, suppressed: bool = False) -> argparse._ArgumentGroup:
    """Add the options that choose a format, and return their group.

    Without one of them ``formatter`` is None. ``lists`` is for rows, otherwise for one record. ``suppressed`` options
    are set only if given, as the parser of a word after the command needs it.
    """
    group = parser.add_argument_group("output")
    choice = group.add_mutually_exclusive_group()

    def add(*flags: str, to: Any = group, default: object = None, **keywords: Any) -> None:  # noqa: ANN401 -- argparse's
        to.add_argument(*flags, default=argparse.SUPPRESS if suppressed else default, **keywords)

    names = LISTS if lists else RECORDS
    add("-f", "--format", to=choice, dest="formatter", choices=names, help="print the result in this format")
    add("--json", to=choice, dest="formatter", action="store_const", const="json", help="the same as -f json")
    document.add_file_option(group, default=argparse.SUPPRESS if suppressed else None)
    column = "print only this column, as a table unless -f is given; may be repeated"
    add("-c", "--column", dest="columns", action="append", default=[], metavar="COLUMN", help=column)
    if lists:
        sort = "sort by this column; may be repeated, the first matters most"
        add("--sort-column", dest="sort_columns", action="append", default=[], metavar="COLUMN", help=sort)
        direction = group.add_mutually_exclusive_group()
        for flag, const in (("--sort-ascending", "asc"), ("--sort-descending", "desc")):
            add(flag, to=direction, dest="sort_direction", action="store_const", const=const, help=f"sort {flag[7:]}")
    _add_details(add, lists=lists)
    return group


def chosen(parsed: argparse.Namespace) -> bool:
    """Whether the result is to be printed in a format, and not as the text of the command."""
    return bool(parsed.formatter or parsed.columns or getattr(parsed, "sort_columns", None))


def _add_details(add: Any, *, lists: bool) -> None:  # noqa: ANN401 -- argparse's
    """Add what single formatters understand."""
    add("--noindent", action="store_true", default=False, help="with -f json: all on one line")
    width = "with a table: fit it into so many columns (also: CLIFF_MAX_TERM_WIDTH)"
    add("--max-width", type=int, default=_number("CLIFF_MAX_TERM_WIDTH"), metavar="COLUMNS", help=width)
    fit = "with a table: fit it into the terminal's width also where it is not printed on one (also: CLIFF_FIT_WIDTH=1)"
    add("--fit-width", action="store_true", default=bool(_number("CLIFF_FIT_WIDTH")), help=fit)
    add("--print-empty", action="store_true", default=False, help="with a table: print it also if it has no rows")
    if lists:
        quotes = ("all", "minimal", "none", "nonnumeric")
        add("--quote", dest="quote_mode", choices=quotes, default="nonnumeric", help="with -f csv: what to quote")
    else:
        add("--prefix", default="", help="with -f shell: what all variables begin with")
        add("--variable", dest="variables", action="append", default=[], help=argparse.SUPPRESS)


def _number(variable: str) -> int:
    text = os.environ.get(variable, "")
    return int(text) if text.isascii() and text.isdigit() else 0
