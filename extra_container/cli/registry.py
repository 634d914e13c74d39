"""Which commands there are: entry points, looked up by exact name and imported when chosen."""

from __future__ import annotations

import importlib.metadata
from importlib.metadata import EntryPoint

from cliff.command import Command
from cliff.commandmanager import CommandManager

from extra_container.errors import PluginError

GROUP = "extra_container.commands"
FIRST_PARTY = "extra-container"


class Registry(CommandManager):
    """cliff's manager without prefix matching, so that ``d`` never means ``destroy``, and without its cache."""

    def load_commands(self, namespace: str) -> None:
        """Read the names of a group's commands; nothing is imported. Ours win over others of the same name."""
        self.group_list.append(namespace)
        found = set(importlib.metadata.entry_points(group=namespace))
        for entry_point in sorted(found, key=lambda found: (not _is_ours(found), found.name)):
            self.commands.setdefault(entry_point.name, entry_point)

    def add_command(self, name: str, command_class: type[Command]) -> None:
        """Ignore the ``help`` and ``complete`` that cliff adds by itself: ours are entry points like all others."""

    def find_command(self, argv: list[str]) -> tuple[type[Command], str, list[str]]:
        """Return class, name and arguments of the command that ``argv`` starts with.

        Raises ValueError if there is no command of exactly that name, and
        :class:`~extra_container.errors.PluginError` if its module cannot be imported.
        """
        name, *arguments = argv
        if name not in self.commands:
            raise ValueError(f"unknown command {name!r}")
        try:
            return self.commands[name].load(), name, arguments
        except Exception as error:
            raise PluginError(
                f"The command {name} cannot be loaded from {self.commands[name].value}: {error}"
            ) from error

    def names(self) -> list[str]:
        """Return the commands' names, sorted."""
        return sorted(self.commands)


def _is_ours(entry_point: EntryPoint) -> bool:
    return entry_point.dist is not None and entry_point.dist.name == FIRST_PARTY
