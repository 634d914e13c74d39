"""What a broken plugin means for a command: commands that read go on without it, commands that change refuse."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING

from extra_container import variables
from extra_container.cli import registry
from extra_container.hooks.facade import Hooks
from extra_container.model.errors import ExtraContainerError, PluginError, UsageError
from extra_container.model.events import ProblemFound
from extra_container.model.values import Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from extra_container.cli.app import ExtraContainer
    from extra_container.hooks.loader import LoadedPlugins


# Options, hosts and decisions that some plugin has: of the command line, of definitions, and the hooks' own errors.
_MISSED = re.compile(
    r"^Unknown option: |^\s*The option `containers\.[^']*\.extra\.[^']*' does not exist|^No plugin ", re.MULTILINE
)


def load_plugins(app: ExtraContainer) -> LoadedPlugins:
    """Load all plugins but those that the command line or the environment disables."""
    from extra_container.hooks import loader

    found = app.command_manager.offers.plugins
    return loader.load(
        found,
        _unwanted(app),
        import_seconds=time_limit_of(app.environment),
    )


def refuse_disabled(app: ExtraContainer, command: str) -> None:
    """Raise :class:`.UsageError` for a command that belongs to a disabled plugin.

    A command belongs to the plugin whose package directory it is in.
    """
    found = app.command_manager.commands.get(command)
    if not isinstance(found, EntryPoint):
        return
    unwanted = _unwanted(app)
    for plugin in app.command_manager.offers.plugins:
        names = {plugin.name} if registry.is_ours(plugin) else {plugin.name, registry.package_name(plugin)}
        if _top(plugin) == _top(found) and names & unwanted:
            raise UsageError(f"The command {command} belongs to the plugin {plugin.name}, which is disabled")


def explain_disabled(app: ExtraContainer, error: ExtraContainerError) -> None:
    """Add the names of the plugins that are disabled to an error that may come from their absence."""
    disabled = ", ".join(sorted({plugin.name for plugin in app.plugins.disabled}))
    if disabled and _MISSED.search(error.message):
        hint = f"It may belong to a plugin that is disabled: {disabled}."
        error.hint = f"{hint}\n{error.hint}" if error.hint else hint


def _unwanted(app: ExtraContainer) -> frozenset[str]:
    listed = app.environment.get(variables.DISABLE_PLUGINS, "").replace(",", " ").split()
    return frozenset([*listed, *app.options.disable_plugin])


def _top(entry_point: EntryPoint) -> str:
    return entry_point.module.partition(".")[0]


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


def make_hooks(app: ExtraContainer, tolerate: Callable[[PluginError], None] | None) -> Hooks:
    """Return the hooks of the loaded plugins; errors of third parties go to ``tolerate`` or, without it, are raised."""
    loaded = app.plugins
    return Hooks(
        loaded.manager,
        loaded.plugins,
        tolerate=tolerate,
        seconds=time_limit_of(app.environment),
    )


def judge(app: ExtraContainer, *, changes_machine: bool) -> tuple[Problem, ...]:
    """Return a warning for every plugin that was found broken up to now.

    Raises :class:`.PluginError` if the command changes the machine, and for a broken plugin of
    our own.
    """
    failures = app.plugins.failures
    for failure in failures:
        if failure.plugin.first_party:
            raise failure.as_error()
    errors = [*(failure.as_error() for failure in failures), *app.hook_errors]
    if errors and changes_machine:
        raise errors[0]
    return (*map(warning, errors), *_unknown(app.plugins))


def warn_broken(app: ExtraContainer) -> None:
    """Tell of the plugins that were found broken, on stderr, if plugins were loaded at all."""
    if "plugins" in vars(app):
        for problem in judge(app, changes_machine=False):
            app.messages.event(ProblemFound(problem=problem))


def warn_unknown(app: ExtraContainer) -> None:
    """Tell of names to disable that no plugin has, on stderr."""
    for problem in _unknown(app.plugins):
        app.messages.event(ProblemFound(problem=problem))


def warning(error: PluginError) -> Problem:
    """Return an error as warning."""
    return Problem(message=error.message, hint=error.hint, severity=Severity.WARNING)


def _unknown(loaded: LoadedPlugins) -> tuple[Problem, ...]:
    known = ", ".join(loaded.known)
    return tuple(
        Problem(
            message=f"There is no plugin {name!r} to disable.", hint=f"Plugins: {known}.", severity=Severity.WARNING
        )
        for name in loaded.unknown
    )
