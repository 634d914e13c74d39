"""Commands whose result is a table or a record, in the format that the user chooses: cliff's formatters."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from typing import Any, TypeVar

import stevedore
from cliff.display import DisplayCommandBase
from cliff.formatters.base import ListFormatter, SingleFormatter
from cliff.lister import Lister
from cliff.show import ShowOne

from extra_container.cli.command import Command
from extra_container.model.errors import UsageError

_F = TypeVar("_F", ListFormatter, SingleFormatter)


class _Formatters(stevedore.ExtensionManager[_F]):
    """stevedore's manager without its cache, which would be written below HOME."""

    def list_entry_points(self) -> list[importlib.metadata.EntryPoint]:
        return list(importlib.metadata.entry_points(group=self.namespace))


class _Display(DisplayCommandBase[_F]):
    def _load_formatter_plugins(self) -> stevedore.ExtensionManager[_F]:
        return _Formatters(self.formatter_namespace, invoke_on_load=True)

    def _generate_columns_and_selector(
        self,
        parsed_args: Any,  # noqa: ANN401 -- cliff's signature
        column_names: Sequence[str],
    ) -> tuple[list[str], list[bool] | None]:
        try:
            return super()._generate_columns_and_selector(parsed_args, column_names)
        except ValueError as error:
            raise UsageError(
                f"There is no column {', '.join(parsed_args.columns)}", hint=f"Columns: {', '.join(column_names)}."
            ) from error


class ListCommand(_Display[ListFormatter], Lister, Command):
    """Base of a command that prints rows: ``take_action`` returns the columns' names and the rows."""


class ShowCommand(_Display[SingleFormatter], ShowOne, Command):
    """Base of a command that prints one record: ``take_action`` returns the names of its fields and their values."""
