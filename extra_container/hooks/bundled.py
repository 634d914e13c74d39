"""The plugins of the program itself, loaded without a search of the packages where no other one offers any.

:mod:`importlib.metadata`, stevedore and pluggy take longer to import than a short command. What they would find is in
plain sight where all packages are directories on the path; everything else is left to them, so None as answer only
means that :mod:`.loader` has to look.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator, Mapping
from types import FunctionType
from typing import TYPE_CHECKING, cast

from extra_container.hooks.found import LoadedPlugins, PluginInfo
from extra_container.hooks.specs.kinds import IMPLEMENTATION
from extra_container.model.frozen import dataclass

if TYPE_CHECKING:
    from types import ModuleType

    from pluggy import PluginManager

_GROUPS = "extra_container."  # what the groups of entry points begin with that this program reads
_PLUGINS = "extra_container.plugins.v1"
_COMMANDS = "extra_container.commands"
_PACKAGE = "extra-container"
_INSTALLED = (".dist-info", ".egg-info")
_EGG = ".egg"  # a directory or ZIP file that holds what it installs; setuptools made them


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """What the program's own package offers: its entry points by name, as ``module`` and ``module:name``."""

    version: str
    plugins: Mapping[str, str]
    commands: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Implementation:
    """A hook of a plugin, with the names of pluggy's ``HookImpl``."""

    plugin_name: str
    function: FunctionType
    argnames: tuple[str, ...]
    wrapper: bool = False


class BundledManager:
    """What pluggy's manager is to who calls hooks, for the program's own plugins, whose hooks are known to be right."""

    def __init__(self, modules: Mapping[str, ModuleType]) -> None:
        self.hook = self
        self._modules = modules
        self._last: dict[str, list[Implementation]] = {}
        self._others: dict[str, list[Implementation]] = {}
        for plugin in reversed([*modules]):  # pluggy calls the last registered first
            for name, value in vars(modules[plugin]).items():
                options = getattr(value, IMPLEMENTATION, None)
                if isinstance(value, FunctionType) and options is not None:
                    self._add(name, value, plugin, options)

    def _add(self, hook: str, function: FunctionType, plugin: str, options: Mapping[str, object]) -> None:
        if options["trylast"]:
            self._last.setdefault(hook, []).insert(0, _implementation(plugin, function))
        elif any(value for name, value in options.items() if name != "optionalhook"):
            raise ValueError(f"{plugin} asks for something else of {hook}: {options}")
        else:
            self._others.setdefault(hook, []).append(_implementation(plugin, function))

    def __getattr__(self, hook: str) -> _Hook:
        if not hook.startswith("ec_"):
            raise AttributeError(hook)
        return _Hook(hook, self._last.get(hook, []) + self._others.get(hook, []))

    def get_plugin(self, name: str) -> ModuleType | None:
        """Return a plugin, None if there is none of that name."""
        return self._modules.get(name)

    def get_hookcallers(self, plugin: ModuleType) -> list[_Hook]:
        """Return the hooks of a plugin, sorted by name."""
        names = [name for name, module in self._modules.items() if module is plugin]
        found = (getattr(self, hook) for hook in sorted({*self._last, *self._others}))
        return [hook for hook in found if any(one.plugin_name in names for one in hook.get_hookimpls())]

    def list_name_plugin(self) -> list[tuple[str, ModuleType]]:
        """Return the plugins with their names, in the order of their registration."""
        return list(self._modules.items())[::-1]


class _Hook:
    def __init__(self, name: str, implementations: list[Implementation]) -> None:
        self.name = name
        self._implementations = implementations

    def get_hookimpls(self) -> list[Implementation]:
        """Return the implementations, the one that is called first as the last."""
        return self._implementations


def _implementation(plugin: str, function: FunctionType) -> Implementation:
    code = function.__code__
    required = code.co_argcount - len(function.__defaults__ or ())
    return Implementation(plugin_name=plugin, function=function, argnames=code.co_varnames[:required])


def load() -> LoadedPlugins | None:
    """Return all plugins if they are the program's own, None if others may be there or one of them is broken."""
    package = only_package()
    return None if package is None else load_from(package)


def load_from(package: Package) -> LoadedPlugins | None:
    """Return all plugins, None if one of them is broken."""
    try:
        return _load(package.version, package.plugins)
    except Exception:  # noqa: BLE001 -- whoever loads them one by one finds out what it is, and tells
        return None


def only_package() -> Package | None:
    """Return what the program's own package offers, None if others may offer something, too."""
    try:
        return _only_package()
    except Exception:  # noqa: BLE001 -- who searches in full finds out what it is, and tells
        return None


def _load(version: str, entries: Mapping[str, str]) -> LoadedPlugins:
    modules: dict[str, ModuleType] = {name: importlib.import_module(entries[name]) for name in sorted(entries)}
    manager = BundledManager(modules)
    plugins = tuple(
        PluginInfo(name=name, package=_PACKAGE, version=version, first_party=True, module=entries[name])
        for name in modules
    )
    return LoadedPlugins(manager=cast("PluginManager", manager), plugins=plugins, disabled=(), failures=())


def _only_package() -> Package | None:
    """Return what the program offers if nothing else has entry points for it."""
    if any(hasattr(finder, "find_distributions") for finder in sys.meta_path if not _is_standard(finder)):
        return None
    found = None
    for place in dict.fromkeys(sys.path):
        if place and os.path.isfile(place):  # noqa: PTH113 -- a ZIP file; pathlib is slower
            return None
        for name in _packages(place or "."):
            if name.endswith(_EGG):
                return None
            text = _entry_points(os.path.join(place, name))  # noqa: PTH118
            if _GROUPS not in text:
                continue
            package, _, version = name.rpartition(".")[0].partition("-")
            if found is not None or package.replace("_", "-") != _PACKAGE:
                return None
            found = Package(version=version, plugins=_section(text, _PLUGINS), commands=_section(text, _COMMANDS))
    return found


def _is_standard(finder: object) -> bool:
    return getattr(finder, "__module__", "") == "_frozen_importlib_external"


def _packages(place: str) -> Iterator[str]:
    try:
        names = os.listdir(place)  # noqa: PTH208 -- pathlib is slower
    except OSError:  # as Python, which passes over what it cannot read
        return
    for name in names:
        if name.endswith((*_INSTALLED, _EGG)):
            yield name


def _entry_points(package: str) -> str:
    try:
        with open(os.path.join(package, "entry_points.txt"), encoding="utf-8") as file:  # noqa: PTH118, PTH123
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return ""


def _section(text: str, wanted: str) -> dict[str, str]:
    """Return the lines ``name = value`` of a section; see the entry points specification of packaging.python.org."""
    entries: dict[str, str] = {}
    section = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            section = line[1:-1].strip()
        elif section == wanted and line and not line.startswith("#"):
            name, _, value = line.partition("=")
            entries[name.strip()] = value.strip()
    return entries
