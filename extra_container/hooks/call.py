"""Calling one hook of one plugin: its time limited, its answer checked, the culprit named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from extra_container.hooks import specs
from extra_container.hooks.blame import in_one_line, place_of, way_out
from extra_container.hooks.guard import TimeUpError, guarded, was_asked_for
from extra_container.hooks.own import Own
from extra_container.model.errors import ExtraContainerError, Interrupted, PluginError
from extra_container.model.host import Host

if TYPE_CHECKING:
    from pluggy import HookImpl, PluginManager

    from extra_container.hooks.found import PluginInfo

_T = TypeVar("_T")


class HookCaller:
    """Calls hooks of the plugins that a manager knows, one plugin at a time.

    ``plugins`` tell the packages behind the names. What goes wrong in a third party's plugin is handed to
    ``tolerate``, and the plugin contributes nothing; without it, and for plugins of our own, it is raised.
    ``seconds`` replaces the time limits of all hooks, ``own`` has what hooks take beside their arguments.
    """

    def __init__(
        self,
        manager: PluginManager,
        plugins: Iterable[PluginInfo],
        tolerate: Callable[[PluginError], None] | None,
        seconds: float | None,
        own: Own | None = None,
    ) -> None:
        self._own = own or Own()
        self._manager = manager
        self._plugins = {plugin.name: plugin for plugin in plugins}
        self._tolerate = tolerate
        self._seconds = seconds
        self.at_work: str | None = None  # the plugin whose hook is being called

    def implementations(self, hook: str) -> list[HookImpl]:
        """Return a hook's implementations, wrappers left out, in the order in which they are called."""
        return [one for one in self._known(hook) if not one.wrapper]

    def wrappers(self, hook: str) -> list[HookImpl]:
        """Return the wrappers around a hook, the outermost first."""
        return [one for one in self._known(hook) if one.wrapper]

    def _known(self, hook: str) -> list[HookImpl]:
        return list(reversed(getattr(self._manager.hook, hook).get_hookimpls()))  # pluggy keeps them in reverse order

    def every(
        self, hook: str, expected: type[_T], items: tuple[type, ...] = (), **arguments: object
    ) -> Iterator[tuple[str, _T]]:
        """Yield the name of each plugin that answers, with its answer."""
        for implementation in self.implementations(hook):
            value = self.one(implementation, hook, expected, items, explain=None, **arguments)
            if value is not None:
                yield implementation.plugin_name, value

    def one(
        self,
        implementation: HookImpl,
        hook: str,
        expected: type[_T],
        items: tuple[type, ...] = (),
        *,
        explain: Callable[[PluginError], PluginError] | None = None,
        **arguments: object,
    ) -> _T | None:
        """Return one plugin's answer: None, or of the type ``expected``, a tuple of ``items``.

        What ``explain`` returns, if it is there, takes the place of an error of the plugin.

        Raises :class:`.PluginError` for a broken plugin, and hands on every
        :class:`.ExtraContainerError`: that is what a plugin has to tell people.
        """
        function: Callable[..., object] = implementation.function
        words = self.arguments(implementation, arguments)

        def answer() -> _T | None:
            value = self.guarded(implementation, hook, lambda: function(*words))
            return self.checked(implementation, hook, value, expected, items)

        return self.attempt(implementation, hook, answer, explain=explain)

    def quietly(self, implementation: HookImpl, hook: str, expected: type[_T], **arguments: object) -> _T | None:
        """Do what :meth:`one` does, but with a memory that is forgotten, and tolerating nothing."""
        function: Callable[..., object] = implementation.function
        own = self._own.forgetful()
        known = {**arguments, **own.of(implementation.plugin_name, implementation.argnames)}
        words = [known[name] for name in implementation.argnames]
        value = self.guarded(implementation, hook, lambda: function(*words))
        return self.checked(implementation, hook, value, expected, ())

    def attempt(
        self,
        implementation: HookImpl,
        hook: str,
        act: Callable[[], _T | None],
        *,
        explain: Callable[[PluginError], PluginError] | None = None,
    ) -> _T | None:
        """Return what ``act`` does with one plugin's hook, None if the plugin is broken and that is tolerated."""
        before = self.at_work
        if hook != "ec_observe":  # observers are called from threads, beside what is going on
            self.at_work = implementation.plugin_name
        try:
            return act()
        except PluginError as error:
            plugin = self._plugins.get(implementation.plugin_name)
            explained = error if explain is None else explain(error)
            if self._tolerate is None or plugin is None or plugin.first_party:
                raise explained from error.__cause__
            self._tolerate(explained)
            return None
        finally:
            self.at_work = before

    def arguments(self, implementation: HookImpl, given: Mapping[str, object]) -> list[object]:
        """Return what one plugin's hook is called with."""
        known = {**given, **self._own.of(implementation.plugin_name, implementation.argnames)}
        return [known[name] for name in implementation.argnames]

    def settings_of(self, plugin: str) -> Mapping[str, object]:
        """Return what people set for a plugin in files."""
        return self._own.settings_of(plugin)

    def package_of(self, plugin: str) -> Path | None:
        """Return the directory of the package that a plugin is, None if it is a single file."""
        places: Sequence[str] = getattr(self._manager.get_plugin(plugin), "__path__", ())
        return Path(places[0]) if len(places) == 1 else None

    def shown(self, plugin: str) -> str:
        """Return a plugin's name with package and version as far as they are known."""
        return str(self._plugins.get(plugin, plugin))

    def guarded(self, implementation: HookImpl, hook: str, step: Callable[[], object]) -> object:
        """Return what some code of a plugin's hook returns, within the hook's time. Raises as :meth:`one`."""
        seconds = self._seconds or specs.kind_of(hook).seconds
        file = getattr(getattr(implementation.function, "__code__", None), "co_filename", None)
        try:
            with guarded(seconds, trusted=self.is_ours(implementation)):
                return step()
        except ExtraContainerError:
            raise
        except KeyboardInterrupt as interrupt:
            if type(interrupt) is not KeyboardInterrupt or self.is_ours(implementation):
                raise
            if not was_asked_for(interrupt):
                raise self._broken(implementation, f"{hook} raised {in_one_line(interrupt, file=file)}") from interrupt
            name = self.shown(implementation.plugin_name)
            raise Interrupted(f"The plugin {name} was at work: {hook} ({place_of(interrupt, file)}).") from interrupt
        except TimeUpError as error:
            what = f"{hook} did not end within {seconds:g} s ({place_of(error, file)})"
            raise self._broken(implementation, what) from error
        except BaseException as error:  # SystemExit, too: only the program itself ends the program
            raise self._broken(implementation, f"{hook} raised {in_one_line(error, file=file)}") from error

    def checked(
        self, implementation: HookImpl, hook: str, value: object, expected: type[_T], items: tuple[type, ...]
    ) -> _T | None:
        """Return what a plugin answered. Raises :class:`.PluginError` if it is not what is expected."""
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
            if not isinstance(value, Host | tuple):  # what these hold is looked at where it is used
                from extra_container.hooks.check import check_answer

                check_answer(value)
        except (TypeError, ValueError, AttributeError) as error:
            raise self._broken(implementation, f"{hook} returned {expected.__name__} with {error}") from error
        return value

    def is_ours(self, implementation: HookImpl) -> bool:
        """Whether an implementation belongs to the program itself."""
        return self.owns(implementation.plugin_name)

    def owns(self, plugin: str) -> bool:
        """Whether a plugin, by its name, belongs to the program itself."""
        info = self._plugins.get(plugin)
        return info is not None and info.first_party

    def _broken(self, implementation: HookImpl, what: str) -> PluginError:
        name = implementation.plugin_name
        return PluginError(f"The plugin {self.shown(name)} is broken: {what}", hint=way_out(name))


def _shown(expected: type) -> str:
    return "None" if expected is type(None) else expected.__name__
