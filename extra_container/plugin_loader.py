"""Finding and loading plugins: stevedore finds and imports, pluggy validates and calls.

Nothing that a plugin does while it is loaded can end the program: a failure is recorded with the plugin's package and
version, and the caller decides.
"""

from __future__ import annotations

import importlib.metadata
from collections import defaultdict
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pluggy  # noqa: TID253 -- this module is imported only by commands that need plugins
import stevedore
from stevedore.extension import Extension

from extra_container import hookspecs

GROUP = "extra_container.plugins.v1"
COMMAND_GROUP = "extra_container.commands"
# One package ships the plugins that belong to the program.
FIRST_PARTY = "extra-container"


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginInfo:
    """A plugin that was found: its name and the package that brought it."""

    name: str
    package: str
    version: str
    first_party: bool

    def __str__(self) -> str:
        return f"{self.name} ({self.package} {self.version})"


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginFailure:
    """A plugin that cannot be used; ``stage`` is where it went wrong: ``discover``, ``import`` or ``register``."""

    plugin: PluginInfo
    stage: str
    error: BaseException


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedPlugins:
    """The manager with every usable plugin registered, in the order in which their hooks are called."""

    manager: pluggy.PluginManager
    plugins: tuple[PluginInfo, ...]
    disabled: tuple[PluginInfo, ...]
    failures: tuple[PluginFailure, ...]


def load(disabled: frozenset[str] = frozenset()) -> LoadedPlugins:
    """Load all plugins but the disabled ones. First-party plugins come first, then by name."""
    loader = _Loader(disabled)
    manager = pluggy.PluginManager("extra_container")
    manager.add_hookspecs(hookspecs)
    plugins = []
    for extension in reversed(loader.extensions):  # pluggy calls the last registered first
        info = _info(extension.entry_point)
        try:
            manager.register(extension.plugin, name=extension.name)
            manager.check_pending()
        except (pluggy.PluginValidationError, ValueError) as error:
            if manager.has_plugin(extension.name):
                manager.unregister(name=extension.name)
            loader.failures.append(PluginFailure(plugin=info, stage="register", error=error))
        else:
            plugins.append(info)
    return LoadedPlugins(
        manager=manager,
        plugins=tuple(reversed(plugins)),
        disabled=tuple(loader.disabled),
        failures=tuple(loader.failures),
    )


def _info(entry_point: importlib.metadata.EntryPoint) -> PluginInfo:
    package, version = "an unknown package", "?"
    if entry_point.dist is not None:
        package, version = entry_point.dist.name, entry_point.dist.version
    return PluginInfo(name=entry_point.name, package=package, version=version, first_party=package == FIRST_PARTY)


class _Loader(stevedore.EnabledExtensionManager[ModuleType]):
    """stevedore's manager, without its cache (which drops packages and writes to HOME) and with every error caught."""

    def __init__(self, disabled: frozenset[str]) -> None:
        self._disabled = disabled
        self.disabled: list[PluginInfo] = []
        self.failures: list[PluginFailure] = []
        super().__init__(GROUP, check_func=_is_module, on_load_failure_callback=self._on_failure)

    def list_entry_points(self) -> list[importlib.metadata.EntryPoint]:
        by_name = defaultdict(list)
        for entry_point in set(importlib.metadata.entry_points(group=self.namespace)):
            by_name[entry_point.name].append(entry_point)
        chosen = []
        for name, found in by_name.items():
            if name in self._disabled:
                self.disabled += [_info(entry_point) for entry_point in found]
            elif len(found) > 1:
                self.failures.append(_clash(found))
            else:
                chosen += found
        return sorted(chosen, key=lambda entry_point: (not _info(entry_point).first_party, entry_point.name))

    def _load_one_plugin(self, ep: importlib.metadata.EntryPoint, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 -- stevedore's signature
        try:
            return super()._load_one_plugin(ep, *args, **kwargs)
        except (AssertionError, SystemExit) as error:  # stevedore would let these two end the program
            raise ImportError(f"{type(error).__name__} at import: {error}") from error

    def _on_failure(self, _manager: object, entry_point: importlib.metadata.EntryPoint, error: BaseException) -> None:
        self.failures.append(PluginFailure(plugin=_info(entry_point), stage="import", error=error))


def _is_module(extension: Extension[ModuleType]) -> bool:
    return isinstance(extension.plugin, ModuleType)


def _clash(found: list[importlib.metadata.EntryPoint]) -> PluginFailure:
    infos = sorted((_info(entry_point) for entry_point in found), key=lambda info: info.package)
    packages = " and ".join(f"{info.package} {info.version}" for info in infos)
    return PluginFailure(
        plugin=PluginInfo(
            name=infos[0].name,
            package=packages,
            version="",
            first_party=any(info.first_party for info in infos),
        ),
        stage="discover",
        error=ValueError(f"two packages bring it: {packages}"),
    )
