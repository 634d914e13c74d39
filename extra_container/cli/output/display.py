"""Commands whose result is rows or a record: as text of their own, or in the format that the user chooses.

The formatters are cliff's. Each is loaded when it is asked for: together they take as long as a command that looks at a
container.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TextIO, TypeVar, cast

import stevedore
from cliff import command as cliff_command
from cliff.columns import FormattableColumn
from cliff.display import DisplayCommandBase
from cliff.formatters.base import ListFormatter, SingleFormatter
from cliff.lister import Lister
from cliff.show import ShowOne

from extra_container.cli.command import Command
from extra_container.cli.output import document, formats
from extra_container.model.errors import UsageError
from extra_container.model.plain import one_line

if TYPE_CHECKING:
    from extra_container.cli.app import Application

_F = TypeVar("_F", ListFormatter, SingleFormatter)


class _Formatters:
    """What cliff takes for its manager of plugins: formatters by name, each loaded when it is taken."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace

    def __getitem__(self, name: str) -> stevedore.extension.Extension[Any]:
        [entry_point] = importlib.metadata.entry_points(group=self._namespace, name=name)
        plugin = entry_point.load()
        return stevedore.extension.Extension(name, entry_point, plugin, plugin())


class _Written(ListFormatter, SingleFormatter):
    """Stands where cliff expects a formatter: writes the document, then prints through a formatter, if there is one."""

    def __init__(self, write: Any, name: str | None, formatter: Any) -> None:  # noqa: ANN401 -- one of cliff's
        self._write = write
        self._name = name
        self._formatter = formatter

    def add_argument_group(self, parser: argparse.ArgumentParser) -> None:
        """Add nothing: see :func:`.formats.add_options`."""

    def emit_list(
        self,
        column_names: Sequence[str],
        data: Iterable[Sequence[Any]],
        stdout: TextIO,
        parsed_args: argparse.Namespace,
    ) -> None:
        """Write rows as a list of objects, and print them."""
        rows = [tuple(row) for row in data]
        self._write([dict(zip(column_names, map(_machine_readable, row), strict=False)) for row in rows])
        # A table without rows would be an empty line.
        if self._formatter is not None and (rows or self._name != "table" or parsed_args.print_empty):
            cells = [[_cell(value, self._name) for value in row] for row in rows]
            self._formatter.emit_list(column_names, cells, stdout, self._details(parsed_args))

    def emit_one(
        self, column_names: Sequence[str], data: Sequence[Any], stdout: TextIO, parsed_args: argparse.Namespace
    ) -> None:
        """Write a record as an object, and print it."""
        self._write(dict(zip(column_names, map(_machine_readable, data), strict=False)))
        if self._formatter is not None:
            cells = [_cell(value, self._name) for value in data]
            self._formatter.emit_one(column_names, cells, stdout, self._details(parsed_args))

    def _details(self, parsed_args: argparse.Namespace) -> argparse.Namespace:
        """Return the arguments with all that the formatter may look for."""
        parser = argparse.ArgumentParser(add_help=False)
        self._formatter.add_argument_group(parser)
        return argparse.Namespace(**{**vars(parser.parse_args([])), **vars(parsed_args)})


class _Display(DisplayCommandBase[_F]):
    exit_code = 0

    def text(self, columns: Sequence[str], data: Any, parsed_args: argparse.Namespace) -> str | None:  # noqa: ANN401 -- rows or a record
        """Return what is printed where no format is asked for; None, as here, means a table.

        ``columns`` and ``data`` are what ``take_action`` returned, its rows as a list.
        """
        del columns, data, parsed_args
        return None

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Do what the command is for, print the result, and return the attribute ``exit_code``, which is 0."""
        with document.written_into(parsed_args.json_into) as write:
            columns, data = self.take_action(parsed_args)
            if isinstance(data, Iterator):
                data = list(data)
            text = None if formats.chosen(parsed_args) else self.text(columns, data, parsed_args)
            name = None if text is not None else parsed_args.formatter or self.formatter_default
            formatter = None if name is None else self._formatter_plugins[name].obj
            self.formatter = cast("_F", _Written(write, name, formatter))
            self.produce_output(parsed_args, columns, data)
            if text is not None:
                self.app.stdout.write(text)
        return self.exit_code

    def _bare_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser of the base that stands beside this one, such as ``NamesCommand``."""
        # cliff's own get_parser would load all formatters.
        return super(DisplayCommandBase, self).get_parser(prog_name)

    def _load_formatter_plugins(self) -> stevedore.ExtensionManager[_F]:
        return cast("stevedore.ExtensionManager[_F]", _Formatters(self.formatter_namespace))

    def _generate_columns_and_selector(
        self,
        parsed_args: argparse.Namespace,
        column_names: Sequence[str],
    ) -> tuple[list[str], list[bool] | None]:
        known = {self._normalize_column_name(name) for name in column_names}
        asked = [*parsed_args.columns, *getattr(parsed_args, "sort_columns", ())]
        if missing := [name for name in asked if self._normalize_column_name(name) not in known]:
            raise UsageError(
                f"There is no column {one_line(', '.join(missing))}", hint=f"Columns: {', '.join(column_names)}."
            )
        return super()._generate_columns_and_selector(parsed_args, column_names)


class _Framed(Command, cliff_command.Command):
    """A command of this program that is one of cliff's, too."""

    app: Application


class ListCommand(_Display[ListFormatter], Lister, _Framed):
    """Base of a command that prints rows: ``take_action`` returns the columns' names and the rows.

    Cells are JSON values, lists and objects included. Where no format is asked for, the rows are printed as a table, or
    as what :meth:`text` returns.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser with the options that choose a format."""
        parser = self._bare_parser(prog_name)
        self._formatter_group = formats.add_options(parser, lists=True)
        return parser


class ShowCommand(_Display[SingleFormatter], ShowOne, _Framed):
    """Base of a command that prints one record: ``take_action`` returns the names of its fields and their values.

    Values are JSON values, lists and objects included. Where no format is asked for, the record is printed as a table,
    or as what :meth:`text` returns.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser with the options that choose a format."""
        parser = self._bare_parser(prog_name)
        self._formatter_group = formats.add_options(parser, lists=False)
        return parser


def _machine_readable(value: object) -> object:
    return value.machine_readable() if isinstance(value, FormattableColumn) else value


def _cell(value: object, formatter: str | None) -> object:
    """Return a value as a formatter of cliff prints it best. Pure."""
    match formatter:
        case "json" | "yaml":
            return value
        case "table" if isinstance(value, FormattableColumn):
            return value
    value = _machine_readable(value)
    match formatter, value:
        case "table", list() | tuple() if all(isinstance(item, str) for item in value):
            value = ", ".join(value)
        case _, list() | tuple() | dict():
            value = json.dumps(value, ensure_ascii=False)
        case "value", None:
            return "-"  # columns are told apart by spaces
        case _, None:
            return ""
    # cliff puts it between double quotes and escapes those.
    return _quoted(value) if formatter == "shell" and isinstance(value, str) else value


def _quoted(text: str) -> str:
    for character in ("\\", "$", "`"):
        text = text.replace(character, f"\\{character}")
    return text
