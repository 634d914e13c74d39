"""What a broken plugin means for a command: commands that read go on without it, commands that change refuse."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from extra_container import variables
from extra_container.model.errors import ExtraContainerError, PluginError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from importlib.metadata import EntryPoint
    from pathlib import Path

    from extra_container.hooks.facade import Hooks
    from extra_container.hooks.found import LoadedPlugins
    from extra_container.hooks.info import PluginReport
    from extra_container.hooks.own import Own
    from extra_container.model.values import Problem
    from extra_container.settings import Settings

# Options, hosts and decisions that some plugin has: of the command line, of definitions, and the hooks' own errors.
_MISSED = r"^Unknown option: |^\s*The option `containers\.[^']*\.extra\.[^']*' does not exist|^No plugin "


class Plugins:
    """The plugins of one run: loaded when first asked for, with what broke up to now.

    ``offers`` are those of all packages, ``disabled`` the names that the command line disables beside the environment,
    ``files`` plugins of one file that it names. A package with
    nothing but ``commands`` is a plugin, too, called as the package.
    """

    def __init__(
        self,
        offers: Iterable[EntryPoint],
        environment: Mapping[str, str],
        disabled: Iterable[str] = (),
        files: Iterable[Path] = (),
        commands: Iterable[EntryPoint] = (),
    ) -> None:
        self._commands = tuple(commands)
        self._offers = tuple(offers)
        self._files = tuple(files)
        self._settings: Settings | None = None
        self._own: Own | None = None
        self._environment = environment
        listed = environment.get(variables.DISABLE_PLUGINS, "").replace(",", " ").split()
        self._unwanted = frozenset([*listed, *disabled])
        self._loaded: LoadedPlugins | None = None
        self._broken: list[PluginError] = []

    @property
    def loaded(self) -> LoadedPlugins:
        """All plugins but the disabled ones."""
        if self._loaded is None:
            from extra_container.hooks import loader

            self._loaded = loader.load(
                self._offers, self._unwanted, files=self._files, import_seconds=time_limit_of(self._environment)
            )
        return self._loaded

    @property
    def settings(self) -> Settings:
        """What people set in files. Raises :class:`.UsageError` for a file that cannot be understood."""
        if self._settings is None:
            from extra_container import settings

            self._settings = settings.read(self._environment)
        return self._settings

    def use(self, loaded: LoadedPlugins, settings: Settings | None = None) -> None:
        """Take these plugins and load none, and these settings, if they are given, and read none."""
        self._loaded = loaded
        if settings is not None:
            self._settings = settings

    def hooks(self, tolerate: Callable[[PluginError], None] | None) -> Hooks:
        """Return the hooks; errors of third parties go to ``tolerate`` or, without it, are raised."""
        from extra_container.hooks.facade import Hooks
        from extra_container.hooks.own import Own

        if self._own is None:  # what plugins remember is the same for all hooks of a run
            self._own = Own(lambda plugin: self.settings.of("plugins", plugin))
        return Hooks(
            self.loaded.manager,
            self.loaded.plugins,
            tolerate=tolerate,
            seconds=time_limit_of(self._environment),
            own=self._own,
        )

    def remembering_hooks(self) -> Hooks:
        """Return hooks whose errors count when the command comes to its work: :meth:`problems` has them."""
        return self.hooks(self._broken.append)

    def reports(self) -> list[PluginReport]:
        """Return what can be told of every plugin that was found, those that cannot be used included."""
        from extra_container.hooks import info

        return info.describe(self.loaded, self._commands, lambda command: self.disables(command) is not None)

    def commands(self) -> tuple[str, ...]:
        """Return the names of the commands of all packages, without those of disabled plugins, sorted."""
        from extra_container.hooks import entry_points

        found = self._commands or entry_points.read().commands
        return tuple(sorted({each.name for each in found if self.disables(each) is None}))

    def broken(self) -> tuple[PluginError, ...]:
        """Return the errors of all plugins that cannot be used, ours included."""
        return tuple(failure.as_error() for failure in self.loaded.failures)

    def problems(self, *, changes_machine: bool) -> tuple[Problem, ...]:
        """Return a warning for every plugin that was found broken up to now, and for unknown names to disable.

        Raises :class:`.PluginError` if the command changes the machine, and for a broken plugin of our own.
        """
        failures = self.loaded.failures
        for failure in failures:
            if failure.plugin.first_party:
                raise failure.as_error()
        errors = [*(failure.as_error() for failure in failures), *self._broken]
        if errors and changes_machine:
            raise errors[0]
        return (*map(warning, errors), *self.unknown())

    def problems_so_far(self, *, changes_machine: bool) -> tuple[Problem, ...]:
        """Do what :meth:`problems` does if plugins were loaded at all."""
        return () if self._loaded is None else self.problems(changes_machine=changes_machine)

    def unknown(self) -> tuple[Problem, ...]:
        """Return a warning for each name to disable that no plugin has."""
        if not self.loaded.unknown:
            return ()
        from extra_container.model.values import Problem, Severity

        known = ", ".join(self.loaded.known)
        return tuple(
            Problem(
                message=f"There is no plugin {name!r} to disable.", hint=f"Plugins: {known}.", severity=Severity.WARNING
            )
            for name in self.loaded.unknown
            if name not in self._without_hooks()
        )

    def refuse_disabled(self, command: str, found: object) -> None:
        """Raise :class:`.UsageError` for a command that belongs to a disabled plugin."""
        if plugin := self.disables(found):
            raise UsageError(f"The command {command} belongs to the plugin {plugin}, which is disabled")

    def disables(self, command: object) -> str | None:
        """Return the disabled plugin that a command belongs to, None for other commands.

        A command belongs to the plugin whose package directory it is in.
        """
        if not self._unwanted:
            return None
        from importlib.metadata import EntryPoint

        from extra_container.hooks import entry_points

        if not isinstance(command, EntryPoint):
            return None
        for plugin in self._offers:
            package = entry_points.package_name(plugin)
            names = {plugin.name} if entry_points.is_ours(plugin) else {plugin.name, package}
            if _top(plugin) == _top(command) and names & self._unwanted:
                return plugin.name
        package = entry_points.package_name(command)
        return package if package in self._unwanted and package in self._without_hooks() else None

    def _without_hooks(self) -> frozenset[str]:
        """Return the packages of third parties that bring commands and no hooks."""
        from extra_container.hooks import entry_points

        bringing = {entry_points.package_name(plugin) for plugin in self._offers}
        packages = map(entry_points.package_name, self._commands)
        return frozenset(packages) - bringing - {"", entry_points.FIRST_PARTY}

    def explain_disabled(self, error: ExtraContainerError) -> None:
        """Add the names of the plugins that are disabled to an error that may come from their absence."""
        if self._loaded is None:
            return
        disabled = ", ".join(sorted({plugin.name for plugin in self._loaded.disabled}))
        if disabled and re.search(_MISSED, error.message, re.MULTILINE):
            hint = f"It may belong to a plugin that is disabled: {disabled}."
            error.hint = f"{hint}\n{error.hint}" if error.hint else hint


def time_limit_of(environment: Mapping[str, str]) -> float | None:
    """Return the seconds that the user grants a hook, None if that is left to the program."""
    text = environment.get(variables.PLUGIN_SECONDS)
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise UsageError(f"{variables.PLUGIN_SECONDS}={text} is not a number of seconds")
    return seconds


def warning(error: ExtraContainerError) -> Problem:
    """Return an error as warning."""
    from extra_container.model.values import Problem, Severity

    return Problem(message=error.message, hint=error.hint, severity=Severity.WARNING)


def _top(entry_point: EntryPoint) -> str:
    return entry_point.module.partition(".")[0]
