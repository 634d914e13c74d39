"""Which commands there are: entry points, looked up by exact name and imported when chosen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import EntryPoint
from typing import Any

from cliff.command import Command
from cliff.commandmanager import CommandManager

from extra_container.cli.parser import PROGRAM
from extra_container.hooks import entry_points
from extra_container.hooks.entry_points import is_ours, package
from extra_container.hooks.guard import TimeUpError, time_limit
from extra_container.model.errors import ExtraContainerError, PluginError

_IMPORT_SECONDS = 30.0


class Registry(CommandManager):
    """cliff's manager without prefix matching, so that ``d`` never means ``destroy``, and without its cache."""

    def load_commands(self, namespace: str) -> None:
        """Read the names of a group's commands; nothing is imported. Ours win over others of the same name."""
        self.group_list.append(namespace)
        self.offers = entry_points.read()
        self.clashes: dict[str, EntryPoint] = {}
        for entry_point in self.offers.commands:
            kept = self.commands.setdefault(entry_point.name, entry_point)
            if kept is entry_point:
                continue
            if is_ours(entry_point):
                self.commands[entry_point.name] = entry_point
            elif not is_ours(kept):
                self.clashes[entry_point.name] = entry_point

    def add_command(self, name: str, command_class: type[Command]) -> None:
        """Ignore the ``help`` and ``complete`` that cliff adds by itself: ours are entry points like all others."""

    def find_command(self, argv: list[str]) -> tuple[type[Any], str, list[str]]:
        """Return class, name and arguments of the command that ``argv`` starts with.

        Raises ValueError if there is no command of exactly that name, and
        :class:`.PluginError` if it cannot be loaded, or if two packages bring it.
        """
        name, *arguments = argv
        if name not in self.commands:
            raise ValueError(f"unknown command {name!r}")
        if name in self.clashes and not is_ours(self.commands[name]):
            one, other = package(self.commands[name]), package(self.clashes[name])
            raise PluginError(
                f"Two packages bring the command {name}: {one} and {other}", hint="Uninstall one of them."
            )
        with self.blaming(name, "cannot be loaded"):
            try:
                with time_limit(_IMPORT_SECONDS):
                    command = self.commands[name].load()
            except TimeUpError as error:
                raise ImportError(f"the import did not end within {_IMPORT_SECONDS:g} s") from error
            except SystemExit as error:
                raise ImportError(f"SystemExit at import: {error}") from error
            # This program's commands are like cliff's, whose class takes long to import.
            if not (isinstance(command, type) and hasattr(command, "take_action")):
                raise TypeError(f"{self.commands[name].value} is not a command class")
        return command, name, arguments

    @contextmanager
    def blaming(self, name: str, what: str) -> Iterator[None]:
        """Turn errors that are no :class:`.ExtraContainerError` into one naming the package.

        Those of our own commands stay as they are: they are bugs of the program.
        """
        entry_point = self.commands[name]
        try:
            yield
        except ExtraContainerError:
            raise
        except Exception as error:
            if is_ours(entry_point) or isinstance(error, BrokenPipeError):
                raise
            raise PluginError(
                f"The command {name} ({package(entry_point)}) {what}: {type(error).__name__}: {error}",
                hint="--debug shows where. Repair the package, or uninstall it.",
            ) from error

    def default_commands(self) -> list[str]:
        """Return the commands that can be meant where a build is given in the environment and none is named."""
        return [name for name, command in self._brought() if getattr(command, "default_for_build", False)]

    def rest_options(self) -> dict[str, str]:
        """Return the options of commands that plugins bring which take the rest of the line, each with a hint."""
        return {
            option: f"`{PROGRAM} {name}` {does}."
            for name, command in self._brought()
            for option, does in getattr(command, "rest_options", {}).items()
        }

    def kept_variables(self) -> tuple[str, ...]:
        """Return the environment variables that commands which plugins bring want to find as root."""
        return tuple(name for _, command in self._brought() for name in getattr(command, "kept_variables", ()))

    def _brought(self) -> Iterator[tuple[str, type[Any]]]:
        """Yield the commands that plugins bring, ours first; who calls one that cannot be loaded is told then."""
        found = [name for name, entry_point in self.commands.items() if not _is_of_the_core(entry_point)]
        for name in sorted(found, key=lambda name: (not is_ours(self.commands[name]), name)):
            with suppress(PluginError):
                yield name, self.find_command([name])[0]

    def names(self) -> list[str]:
        """Return the commands' names, sorted."""
        return sorted(self.commands)


def _is_of_the_core(entry_point: object) -> bool:
    return getattr(entry_point, "module", "").partition(".")[0] == "extra_container"
