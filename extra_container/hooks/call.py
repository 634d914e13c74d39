"""Calling one hook of one plugin: its time limited, its answer checked, the culprit named."""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from extra_container.hooks.check import check_answer
from extra_container.hooks.guard import Guard, guarded
from extra_container.hooks.time_limit import TimeUpError, time_limit
from extra_container.model.errors import ExtraContainerError, PluginError

if TYPE_CHECKING:
    from pluggy import HookImpl, PluginManager

    from extra_container.hooks.loader import PluginInfo

_T = TypeVar("_T")

# Seconds. A hook that acts may wait for a program, an observer holds up every step of a run.
_SECONDS = {"ec_before_build": 300.0, "ec_before_start": 300.0, "ec_after_run": 300.0, "ec_observe": 5.0}
_READING_SECONDS = 30.0
# Called before anything on the host is changed.
_BEFORE_CHANGES = frozenset(
    {
        *("ec_add_arguments", "ec_detect_host", "ec_check_request", "ec_before_build", "ec_build_inputs"),
        *("ec_check_build", "ec_plan_install", "ec_before_start"),
    }
)

# Is told of a plugin that cannot be stopped, and whether the host may be left as it is.
GiveUp: TypeAlias = Callable[[PluginError, bool], None]


class HookCaller:
    """Calls hooks of the plugins that a manager knows, one plugin at a time.

    ``plugins`` tell the packages behind the names. What goes wrong in a third party's plugin is handed to
    ``tolerate``, and the plugin contributes nothing; without it, and for plugins of our own, it is raised.
    ``seconds`` replaces all time limits. ``give_up`` is told, in a thread of its own, of a third party's plugin that
    goes on after its time.
    """

    def __init__(
        self,
        manager: PluginManager,
        plugins: Iterable[PluginInfo],
        tolerate: Callable[[PluginError], None] | None,
        seconds: float | None,
        give_up: GiveUp | None = None,
    ) -> None:
        self._manager = manager
        self._give_up = give_up
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

        Raises :class:`.PluginError` for a broken plugin, and hands on every
        :class:`.ExtraContainerError`: that is what a plugin has to tell people.
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
        guard = Guard()
        file = getattr(getattr(function, "__code__", None), "co_filename", None)
        try:
            with (
                guarded(guard, trusted=self._is_ours(implementation)),
                time_limit(seconds, self._stuck(implementation, hook, seconds)),
            ):
                value = function(*(arguments[name] for name in implementation.argnames))
        except ExtraContainerError:
            raise
        except KeyboardInterrupt as error:
            if guard.raised_by_plugin(error):
                raise self._broken(implementation, f"{hook} raised {told(error, file=file)}") from error
            raise
        except TimeUpError as error:
            what = f"{hook} did not end within {seconds:g} s ({where(error, file)})"
            raise self._broken(implementation, what) from error
        except BaseException as error:  # SystemExit, too: only the program itself ends the program
            raise self._broken(implementation, f"{hook} raised {told(error, file=file)}") from error
        if value is None:
            return None
        if not isinstance(value, expected):
            what = f"{hook} returned {type(value).__name__} instead of {_shown(expected)}"
            raise self._broken(implementation, what)
        for item in value if isinstance(value, tuple) and items else ():
            if not isinstance(item, items):
                names = " or ".join(kind.__name__ for kind in items)
                what = f"{hook} returned a tuple with {type(item).__name__} instead of {names}"
                raise self._broken(implementation, what)
        try:
            check_answer(value)
        except (TypeError, ValueError, AttributeError) as error:
            raise self._broken(implementation, f"{hook} returned {expected.__name__} with {error}") from error
        return value

    def _is_ours(self, implementation: HookImpl) -> bool:
        plugin = self._plugins.get(implementation.plugin_name)
        return plugin is not None and plugin.first_party

    def _stuck(self, implementation: HookImpl, hook: str, seconds: float) -> Callable[[], None] | None:
        plugin = self._plugins.get(implementation.plugin_name)
        if self._give_up is None or plugin is None or plugin.first_party:
            return None
        error = self._broken(implementation, f"{hook} did not end within {seconds:g} s, and cannot be interrupted")
        return functools.partial(self._give_up, error, hook in _BEFORE_CHANGES)

    def _broken(self, implementation: HookImpl, what: str) -> PluginError:
        name = implementation.plugin_name
        hint = f"Go on without it: --disable-plugin {name}, or EXTRA_CONTAINER_DISABLE_PLUGINS={name}"
        return PluginError(f"The plugin {self.shown(name)} is broken: {what}", hint=hint)


def _shown(expected: type) -> str:
    return "None" if expected is type(None) else expected.__name__


def told(error: BaseException, when: str = "", file: str | None = None) -> str:
    """Return an error's type, message and place, in one line; ``when`` stands behind the type, ``file`` see where()."""
    message = " ".join(str(error).split())
    return f"{type(error).__name__}{when and ' '}{when}{message and ': '}{message} ({where(error, file)})"


def where(error: BaseException, file: str | None = None) -> str:
    """Return file and line that an error comes from, the last ones beside ``file`` if it comes through there."""
    frames = traceback.extract_tb(error.__traceback__)
    # The watchdog's own frames say nothing about what the plugin was doing.
    while len(frames) > 1 and frames[-1].name == "_ring":
        frames.pop()
    near = [frame for frame in frames if file is not None and Path(frame.filename).parent == Path(file).parent]
    frame = (near or frames)[-1]
    place = Path(frame.filename)
    name = f"{place.parent.name}/{place.name}" if place.with_name("__init__.py").exists() else place.name
    return f"{name}:{frame.lineno}"
