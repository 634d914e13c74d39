"""What can be told of the plugins that were found: for people who choose, or look for what went wrong."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from extra_container.hooks.found import LoadedPlugins, PluginInfo
from extra_container.model.frozen import dataclass, field

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

# What is told of a plugin, in the order of the fields.
COLUMNS = (
    "name",
    "package",
    "version",
    "first_party",
    "state",
    "error",
    "description",
    "location",
    "hooks",
    "commands",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginReport:
    """One plugin: ``state`` is ``loaded``, ``disabled`` or ``broken``.

    ``hooks`` maps names to one-line summaries, ``commands`` to the classes' places. What can only be known of a
    loaded plugin is empty for others: ``description`` (its module's docstring), ``location`` (its file), ``hooks``.
    """

    plugin: PluginInfo
    state: str
    error: str = ""
    description: str = ""
    location: str = ""
    hooks: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    commands: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def values(self) -> tuple[object, ...]:
        """Return the report as JSON values, in the order of :data:`COLUMNS`."""
        plugin = self.plugin
        return (
            plugin.name,
            plugin.package,
            plugin.version,
            plugin.first_party,
            self.state,
            self.error or None,
            self.description,
            self.location or None,
            dict(self.hooks),
            dict(self.commands),
        )


def describe(
    loaded: LoadedPlugins, commands: Iterable[EntryPoint], is_disabled: Callable[[EntryPoint], bool] = lambda _: False
) -> list[PluginReport]:
    """Return a report of every plugin that was found, sorted by name. ``commands`` are those of all packages.

    A package that brings commands and no hooks is a plugin, too, called as the package; ``is_disabled`` tells of its
    commands.
    """
    every = tuple(commands)
    reports = [_loaded(plugin, loaded, every) for plugin in loaded.plugins]
    reports += [
        PluginReport(plugin=plugin, state="disabled", commands=_commands(plugin, every)) for plugin in loaded.disabled
    ]
    reports += [
        PluginReport(
            plugin=failure.plugin,
            state="broken",
            error=f"{failure.stage}: {failure.reason}",
            commands=_commands(failure.plugin, every),
        )
        for failure in loaded.failures
    ]
    reports += _without_hooks(every, {report.plugin.package for report in reports}, is_disabled)
    return sorted(reports, key=lambda report: (report.plugin.name, report.plugin.package))


def _without_hooks(
    commands: tuple[EntryPoint, ...], with_hooks: set[str], is_disabled: Callable[[EntryPoint], bool]
) -> list[PluginReport]:
    by_package: dict[tuple[str, str], list[EntryPoint]] = {}
    for command in commands:
        if command.dist is not None and command.dist.name not in with_hooks:
            by_package.setdefault((command.dist.name, command.dist.version), []).append(command)
    return [
        PluginReport(
            plugin=PluginInfo(name=package, package=package, version=version, first_party=False, module=own[0].module),
            state="disabled" if all(map(is_disabled, own)) else "loaded",
            commands={command.name: command.value for command in own},
        )
        for (package, version), own in by_package.items()
    ]


def _loaded(plugin: PluginInfo, loaded: LoadedPlugins, commands: tuple[EntryPoint, ...]) -> PluginReport:
    module = loaded.manager.get_plugin(plugin.name)
    callers = loaded.manager.get_hookcallers(module) or []
    return PluginReport(
        plugin=plugin,
        state="loaded",
        description=inspect.getdoc(module) or "",
        location=getattr(module, "__file__", None) or "",
        hooks={caller.name: _summary(getattr(module, caller.name, None)) for caller in callers},
        commands=_commands(plugin, commands),
    )


def _commands(plugin: PluginInfo, commands: tuple[EntryPoint, ...]) -> dict[str, str]:
    """Return the commands in a plugin's package directory, with their places: they are not imported."""
    return {entry_point.name: entry_point.value for entry_point in commands if _belongs(entry_point, plugin)}


def _belongs(command: EntryPoint, plugin: PluginInfo) -> bool:
    return command.module.partition(".")[0] == plugin.module.partition(".")[0]


def _summary(implementation: object) -> str:
    return (inspect.getdoc(implementation) or "").partition("\n")[0]
