"""Calling one hook of one plugin: its time limited, its answer checked, the culprit named."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from extra_container.errors import ExtraContainerError, PluginError
from extra_container.time_limit import TimeUpError, time_limit

if TYPE_CHECKING:
    from pluggy import HookImpl, PluginManager

    from extra_container.plugin_loader import PluginInfo

_T = TypeVar("_T")

# Seconds. A hook that acts may wait for a program, an observer holds up every step of a run.
_SECONDS = {"ec_before_build": 300.0, "ec_before_start": 300.0, "ec_after_run": 300.0, "ec_observe": 5.0}
_READING_SECONDS = 30.0


class HookCaller:
    """Calls hooks of the plugins that a manager knows, one plugin at a time.

    ``plugins`` tell the packages behind the names. What goes wrong in a third party's plugin is handed to
    ``tolerate``, and the plugin contributes nothing; without it, and for plugins of our own, it is raised.
    ``seconds`` replaces all time limits.
    """

    def __init__(
        self,
        manager: PluginManager,
        plugins: Iterable[PluginInfo],
        tolerate: Callable[[PluginError], None] | None,
        seconds: float | None,
    ) -> None:
        self._manager = manager
        self._plugins = {plugin.name: plugin for plugin in plugins}
        self._tolerate = tolerate
        self._seconds = seconds

    def implementations(self, hook: str) -> list[HookImpl]:
        """Return a hook's implementations in the order in which they are called."""
        return list(reversed(getattr(self._manager.hook, hook).get_hookimpls()))  # pluggy keeps them in reverse order

    def every(
        self, hook: str, expected: type[_T], items: tuple[type, ...] = (), **arguments: object
    ) -> Iterator[tuple[str, _T]]:
        """Yield the name of each plugin that answers, with its answer."""
        for implementation in self.implementations(hook):
            value = self.one(implementation, hook, expected, items, **arguments)
            if value is not None:
                yield implementation.plugin_name, value

    def one(
        self,
        implementation: HookImpl,
        hook: str,
        expected: type[_T],
        items: tuple[type, ...] = (),
        **arguments: object,
    ) -> _T | None:
        """Return one plugin's answer: None, or of the type ``expected``, a tuple of ``items``.

        Raises :class:`~extra_container.errors.PluginError` for a broken plugin, and hands on every
        :class:`~extra_container.errors.ExtraContainerError`: that is what a plugin has to tell people.
        """
        try:
            return self._checked(implementation, hook, expected, items, arguments)
        except PluginError as error:
            plugin = self._plugins.get(implementation.plugin_name)
            if self._tolerate is None or plugin is None or plugin.first_party:
                raise
            self._tolerate(error)
            return None

    def shown(self, plugin: str) -> str:
        """Return a plugin's name with package and version as far as they are known."""
        return str(self._plugins.get(plugin, plugin))

    def _checked(
        self,
        implementation: HookImpl,
        hook: str,
        expected: type[_T],
        items: tuple[type, ...],
        arguments: dict[str, object],
    ) -> _T | None:
        seconds = self._seconds or _SECONDS.get(hook, _READING_SECONDS)
        function: Callable[..., object] = implementation.function
        try:
            with time_limit(seconds):
                value = function(*(arguments[name] for name in implementation.argnames))
        except (ExtraContainerError, KeyboardInterrupt):
            raise
        except TimeUpError as error:
            raise self._broken(implementation, f"{hook} did not end within {seconds:g} s ({where(error)})") from error
        except BaseException as error:  # SystemExit, too: only the program itself ends the program
            what = f"{hook} raised {type(error).__name__}: {error} ({where(error)})"
            raise self._broken(implementation, what) from error
        if value is None:
            return None
        if not isinstance(value, expected):
            what = f"{hook} returned {type(value).__name__} instead of {expected.__name__}"
            raise self._broken(implementation, what)
        for item in value if isinstance(value, tuple) and items else ():
            if not isinstance(item, items):
                names = " or ".join(kind.__name__ for kind in items)
                what = f"{hook} returned a tuple with {type(item).__name__} instead of {names}"
                raise self._broken(implementation, what)
        return value

    def _broken(self, implementation: HookImpl, what: str) -> PluginError:
        name = implementation.plugin_name
        hint = f"Go on without it: --disable-plugin {name}, or EXTRA_CONTAINER_DISABLE_PLUGINS={name}"
        return PluginError(f"The plugin {self.shown(name)} is broken: {what}", hint=hint)


def where(error: BaseException) -> str:
    """Return file and line that an error comes from."""
    frames = traceback.extract_tb(error.__traceback__)
    # The watchdog's own frames say nothing about what the plugin was doing.
    while len(frames) > 1 and frames[-1].name == "_ring":
        frames.pop()
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}"
