"""Hooks and commands of plugins, called as the program does."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING

import pluggy  # noqa: TID253 -- never imported by the program

from extra_container.hooks import entry_points, specs
from extra_container.hooks.check import check_hooks
from extra_container.hooks.facade import Hooks
from extra_container.hooks.own import Own
from extra_container.model.host import Host
from extra_container.plugin import hookimpl

if TYPE_CHECKING:
    from extra_container.cli.command import Command


def hooks_with(*plugins: ModuleType | object, settings: Mapping[str, object] = MappingProxyType({})) -> Hooks:
    """Return hooks that call the given plugins, in that order; ``settings`` are those of each of them.

    A text is the name of a plugin that the program ships: ``hooks_with("install", my_plugin)``.
    """
    return Hooks(manager_with(*plugins), own=Own(lambda _plugin: settings))


def manager_with(*plugins: ModuleType | object) -> pluggy.PluginManager:
    """Return a plugin manager that calls the given plugins, in that order; names are those of shipped ones.

    Raises :class:`TypeError` for a hook with a wrong name or argument, or a function that was not marked as one, and
    :class:`LookupError` for a name that no shipped plugin has.
    """
    manager = pluggy.PluginManager("extra_container")
    for declarations in specs.MODULES:
        manager.add_hookspecs(declarations)
    for plugin in reversed(plugins):
        if isinstance(plugin, str):
            manager.register(_shipped(plugin), name=plugin)
        else:
            check_hooks(plugin)
            manager.register(plugin)
    return manager


def _shipped(name: str) -> object:
    ours = {entry.name: entry for entry in entry_points.read().plugins if entry_points.is_ours(entry)}
    if name not in ours:
        raise LookupError(f"no plugin {name!r} is shipped, only: {', '.join(sorted(ours))}")
    return ours[name].load()


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """A command that was called: its exit code and what it printed."""

    code: int
    out: str
    err: str


class _HostPlugin:
    def __init__(self, host: Host) -> None:
        self._host = host

    @hookimpl
    def ec_detect_host(self) -> Host:
        return self._host


def call_command(
    command: type[Command],
    *words: str,
    host: Host,
    plugins: Sequence[ModuleType | object] = (),
    settings: Mapping[str, Mapping[str, object]] = MappingProxyType({}),
) -> Called:
    """Call a plugin's command in this process, on the given host and with the given plugins only.

    ``plugins`` are what :func:`hooks_with` takes, names of shipped ones included. ``settings`` are those of plugins, by
    name: files are not read.

    Raises what the command raises, :class:`.ExtraContainerError` included.
    """
    from extra_container.cli.app import ExtraContainer
    from extra_container.cli.options import Options
    from extra_container.cli.output.messages import Messages
    from extra_container.hooks.found import LoadedPlugins
    from extra_container.settings import HOST_FILE, Settings

    app = ExtraContainer()
    out, err = io.StringIO(), io.StringIO()
    options = Options()
    app.stdout, app.stderr = out, err
    app.invocation = replace(
        app.invocation, options=options, stdout=out, stderr=err, messages=Messages(options, out, err)
    )
    manager = manager_with(_HostPlugin(host), *plugins)
    set_for = {
        ("plugins", plugin, key): (value, HOST_FILE) for plugin, of in settings.items() for key, value in of.items()
    }
    loaded = LoadedPlugins(manager=manager, plugins=(), disabled=(), failures=())
    app.invocation.plugins.use(loaded, Settings(set_for))
    name = command.__name__.lower()
    called = command(app, app.parsed, cmd_name=name)
    code = called.run(called.get_parser(name).parse_args(list(words)))
    return Called(code=code, out=out.getvalue(), err=err.getvalue())
