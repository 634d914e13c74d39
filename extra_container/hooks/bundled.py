"""The plugins of the program itself, loaded without a search of the packages where no other one offers any.

:mod:`importlib.metadata` and stevedore take as long to import as half of a short command. What they would find is in
plain sight where all packages are directories on the path; everything else is left to them, so None as answer only
means that :mod:`.loader` has to look.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from extra_container.hooks.found import LoadedPlugins, PluginInfo
from extra_container.model.frozen import dataclass

if TYPE_CHECKING:
    from types import ModuleType

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
    import pluggy

    from extra_container.hooks import specs

    manager = pluggy.PluginManager("extra_container")
    for declarations in specs.MODULES:
        manager.add_hookspecs(declarations)
    modules: dict[str, ModuleType] = {name: importlib.import_module(entries[name]) for name in sorted(entries)}
    for name in reversed(modules):  # pluggy calls the last registered first
        manager.register(modules[name], name=name)
    plugins = tuple(
        PluginInfo(name=name, package=_PACKAGE, version=version, first_party=True, module=entries[name])
        for name in modules
    )
    return LoadedPlugins(manager=manager, plugins=plugins, disabled=(), failures=())


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
