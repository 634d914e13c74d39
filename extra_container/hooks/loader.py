"""Finding and loading plugins: stevedore finds and imports, pluggy validates and calls.

Nothing that a plugin does while it is loaded can end the program: a failure is recorded with the plugin's package and
version, and the caller decides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from importlib.metadata import Distribution, EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy  # noqa: TID253 -- this module is imported only by commands that need plugins
import stevedore

from extra_container.hooks import entry_points, one_file, specs
from extra_container.hooks.blame import in_one_line, place_of
from extra_container.hooks.check import check_hooks
from extra_container.hooks.found import LoadedPlugins, PluginFailure, PluginInfo
from extra_container.hooks.guard import TimeUpError, guarded, was_asked_for
from extra_container.model.errors import Interrupted

# Grows when version 1 gains a hook or a name; a plugin says in `ec_requires_api` which level it needs.
API_LEVEL = 2
_IMPORT_SECONDS = 30.0
_PUBLIC_MODULES = ("extra_container.plugin", "extra_container.plugin_command")


def load(
    found: Iterable[EntryPoint],
    disabled: frozenset[str] = frozenset(),
    *,
    files: Iterable[Path] = (),
    import_seconds: float | None = None,
) -> LoadedPlugins:
    """Load all plugins that were found but the disabled ones. First-party plugins come first, then by name.

    ``disabled`` are names of plugins, or of packages of third parties; ``files`` are plugins of one file each, named
    like it, which come last. An import may take ``import_seconds``.
    """
    loader = _Loader((*found, *map(one_file.entry_point, files)), disabled, import_seconds or _IMPORT_SECONDS)
    manager = pluggy.PluginManager("extra_container")
    for declarations in specs.MODULES:
        manager.add_hookspecs(declarations)
    plugins = []
    for extension in reversed(loader.extensions):  # pluggy calls the last registered first
        info = loader.info(extension.entry_point)
        try:
            _register(manager, extension.name, extension.plugin)
        except Exception as error:  # noqa: BLE001 -- pluggy looks at every attribute of the plugin's module
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
        unknown=tuple(sorted(disabled - loader.used)),
    )


def _register(manager: pluggy.PluginManager, name: str, module: object) -> None:
    if not isinstance(module, ModuleType):
        raise TypeError(f"its entry point names a {type(module).__name__} instead of a module")
    level = getattr(module, "ec_requires_api", 1)
    if not isinstance(level, int):
        raise TypeError(f"ec_requires_api is {level!r} instead of a number")
    if level > API_LEVEL:
        raise ValueError(f"it needs level {level} of the plugin API, and this program has level {API_LEVEL}")
    check_hooks(module)
    manager.register(module, name=name)


def _name_and_version(distribution: Distribution) -> tuple[str, str]:
    """Read the two fields; the parser of :mod:`importlib.metadata` takes most of the time of loading all plugins."""
    text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
    fields = dict(line.partition(": ")[::2] for line in text.partition("\n\n")[0].splitlines()[::-1])
    return fields.get("Name", "an unknown package"), fields.get("Version", "?")


class _Packages:
    """Names and versions of packages, each read once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Distribution, str, str]] = {}

    def info(self, entry_point: EntryPoint) -> PluginInfo:
        """Return what is known of a plugin before it is imported."""
        if (path := one_file.path_of(entry_point)) is not None:
            name = entry_point.name
            return PluginInfo(name=name, package=str(path), version="", first_party=False, module=entry_point.value)
        package, version = "an unknown package", "?"
        if (distribution := entry_point.dist) is not None:
            if id(distribution) not in self._known:
                self._known[id(distribution)] = (distribution, *_name_and_version(distribution))
            _, package, version = self._known[id(distribution)]
        return PluginInfo(
            name=entry_point.name,
            package=package,
            version=version,
            first_party=package == entry_points.FIRST_PARTY,
            module=entry_point.module,
        )


class _Guarded:
    """An entry point whose import is limited in time, kept off the standard output, and fails with ImportError only."""

    def __init__(self, entry_point: EntryPoint, info: PluginInfo, seconds: float) -> None:
        self._entry_point = entry_point
        self._info = info
        self._seconds = seconds

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- whatever an entry point has
        return getattr(self._entry_point, name)

    def load(self) -> object:
        """Import the plugin; stevedore would let SystemExit and AssertionError end the program."""
        try:
            with guarded(self._seconds, trusted=self._info.first_party):
                return self._entry_point.load()
        except KeyboardInterrupt as interrupt:
            if type(interrupt) is not KeyboardInterrupt or self._info.first_party:
                raise
            if not was_asked_for(interrupt):
                raise ImportError(in_one_line(interrupt, "at import")) from interrupt
            raise Interrupted(f"The plugin {self._info} was being imported ({place_of(interrupt)}).") from interrupt
        except TimeUpError as error:
            raise ImportError(f"the import did not end within {self._seconds:g} s") from error
        except ImportError as error:
            if error.name in _PUBLIC_MODULES:
                raise ImportError(f"it needs a newer extra-container: {error.msg}") from error
            raise
        except BaseException as error:
            raise ImportError(in_one_line(error, "at import")) from error


class _Loader(stevedore.ExtensionManager[object]):
    """stevedore's manager, without its cache (which drops packages and writes to HOME) and with every error caught."""

    def __init__(self, found: tuple[EntryPoint, ...], disabled: frozenset[str], import_seconds: float) -> None:
        self._found = found
        self._disabled = disabled
        self._import_seconds = import_seconds
        self.info = _Packages().info
        self.disabled: list[PluginInfo] = []
        self.used: set[str] = set()
        self.failures: list[PluginFailure] = []
        super().__init__(entry_points.PLUGINS, on_load_failure_callback=self._on_failure)

    def list_entry_points(self) -> list[_Guarded]:  # type: ignore[override]  # entry points in all but their class
        by_name: dict[str, list[EntryPoint]] = defaultdict(list)
        newer = []
        for entry_point in self._found:
            info = self.info(entry_point)
            if matching := self._disabled & ({info.name} if info.first_party else {info.name, info.package}):
                self.used |= matching
                if entry_point.group == entry_points.PLUGINS:
                    self.disabled.append(info)
            elif entry_point.group == entry_points.PLUGINS:
                by_name[entry_point.name].append(entry_point)
            else:
                newer.append(entry_point)
        self.failures += [
            _too_new(self.info(entry_point), entry_points.api_version(entry_point))
            for entry_point in newer
            if entry_point.name not in by_name
        ]
        chosen = [entry_point for found in by_name.values() for entry_point in self._unique(found)]
        chosen.sort(key=lambda entry_point: (not self.info(entry_point).first_party, entry_point.name))
        return [_Guarded(entry_point, self.info(entry_point), self._import_seconds) for entry_point in chosen]

    def _unique(self, found: list[EntryPoint]) -> list[EntryPoint]:
        """Return the plugin of one name; of several none, but ours if its name was taken."""
        if len(found) == 1:
            return found
        ours = [entry_point for entry_point in found if self.info(entry_point).first_party]
        theirs = sorted((self.info(entry_point) for entry_point in found if entry_point not in ours), key=_package)
        everyone = [*map(self.info, ours), *theirs]
        packages = " and ".join(f"{info.package} {info.version}" for info in everyone)
        # Ours is right by definition, so the others are named as broken; with no plugin of ours, the last one is.
        self.failures += [
            PluginFailure(plugin=info, stage="discover", error=ValueError(f"two packages bring it: {packages}"))
            for info in (theirs if ours else theirs[-1:])
        ]
        return ours

    def _on_failure(self, _manager: object, entry_point: EntryPoint, error: BaseException) -> None:
        self.failures.append(PluginFailure(plugin=self.info(entry_point), stage="import", error=error))


def _too_new(plugin: PluginInfo, version: str) -> PluginFailure:
    error = ValueError(f"it needs version {version} of the plugin API, and this program has version 1")
    return PluginFailure(plugin=plugin, stage="register", error=error)


def _package(info: PluginInfo) -> str:
    return info.package
