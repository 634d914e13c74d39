"""The hooks as the pipeline sees them: one typed method each, with contributions merged and culprits named."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from extra_container.errors import ExtraContainerError, HostError, PluginError
from extra_container.host import Host
from extra_container.model import (
    BuildInputs,
    BuildResult,
    FileOp,
    FileOps,
    Installed,
    InstallPlan,
    Link,
    MakeDirectory,
    Problem,
    Problems,
    Remove,
    RemoveTree,
    Request,
    RunPlan,
    RunState,
    Session,
)

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

    from pluggy import HookImpl, PluginManager

    from extra_container.events import Event
    from extra_container.process import Runner

_T = TypeVar("_T")
_V = TypeVar("_V")

# Hooks run in the order of their plugins, but a host that fits anywhere must not hide one that fits exactly.
_HOST_ORDER = ("nixos", "systemd", "standalone")


class Hooks:
    """Calls the hooks of the loaded plugins.

    Every method raises :class:`~extra_container.errors.PluginError`, naming the plugin, if a hook raises something
    that is not an :class:`~extra_container.errors.ExtraContainerError`, or returns something of a wrong type.
    """

    def __init__(self, manager: PluginManager) -> None:
        self._manager = manager

    def add_arguments(self, command: str, parser: argparse.ArgumentParser) -> None:
        """Let plugins add arguments to a command's parser."""
        for _ in self._call("ec_add_arguments", type(None), command=command, parser=parser):
            continue

    def detect_host(self, root: Path, runner: Runner, wanted: str | None = None) -> Host:
        """Return the host that the program runs on, or the ``wanted`` one.

        Raises :class:`~extra_container.errors.HostError` if no plugin knows this host.
        """
        impls = self._implementations("ec_detect_host")
        if wanted is not None:
            impls = [impl for impl in impls if impl.plugin_name == wanted]
        for impl in sorted(impls, key=lambda impl: _host_rank(impl.plugin_name)):
            host = self._call_one(impl, "ec_detect_host", Host, root=root, runner=runner)
            if host is not None:
                return host
        if wanted is not None:
            raise HostError(f"No plugin can drive this machine as host {wanted!r}")
        raise HostError(
            "No plugin knows this kind of host",
            hint="Containers need a booted systemd, or at least systemd-nspawn (Debian: systemd-container).",
        )

    def check_request(self, request: Request, host: Host) -> Problems:
        """Return what the plugins find wrong with a request."""
        return self._problems("ec_check_request", request=request, host=host)

    def before_build(self, request: Request, host: Host) -> None:
        """Let plugins prepare what the evaluation needs."""
        for _ in self._call("ec_before_build", type(None), request=request, host=host):
            continue

    def build_inputs(self, request: Request, host: Host) -> BuildInputs:
        """Return the merged modules and values of all plugins."""
        modules: list[Path] = []
        values: dict[str, tuple[str, object]] = {}
        for impl, inputs in self._call("ec_build_inputs", BuildInputs, request=request, host=host):
            modules += inputs.modules
            _merge("build value", values, impl.plugin_name, inputs.values)
        plain = MappingProxyType({name: value for name, (_, value) in values.items()})
        return BuildInputs(modules=tuple(modules), values=plain)  # type: ignore[arg-type]  # _merge keeps the type

    def check_build(self, result: BuildResult, host: Host) -> Problems:
        """Return what of a build the host cannot give."""
        return self._problems("ec_check_build", result=result, host=host)

    def plan_install(self, result: BuildResult, host: Host, installed: Installed) -> InstallPlan:
        """Return the install plan of the first plugin that makes one."""
        for _, plan in self._call("ec_plan_install", InstallPlan, result=result, host=host, installed=installed):
            return plan
        raise PluginError("No plugin plans the installation", hint="Enable the plugin `install`.")

    def check_install(self, plan: InstallPlan, host: Host) -> Problems:
        """Return what is wrong with an installation that has just been made."""
        return self._problems("ec_check_install", plan=plan, host=host)

    def plan_destroy(self, names: tuple[str, ...], host: Host, installed: Installed) -> FileOps:
        """Return everything to remove, in the order in which it is to be removed."""
        ops: list[FileOp] = []
        for impl, found in self._call("ec_plan_destroy", tuple, names=names, host=host, installed=installed):
            _check_items(impl, "ec_plan_destroy", found, (Remove, RemoveTree, MakeDirectory, Link))
            ops += found
        return tuple(ops)

    def before_start(self, plan: RunPlan, host: Host) -> None:
        """Tell plugins that containers are about to be started, updated or restarted."""
        for _ in self._call("ec_before_start", type(None), plan=plan, host=host):
            continue

    def after_run(self, state: RunState, host: Host) -> None:
        """Tell plugins how starting, updating and restarting went."""
        for _ in self._call("ec_after_run", type(None), state=state, host=host):
            continue

    def session(self, state: RunState, request: Request, host: Host) -> Session:
        """Return the merged session of all plugins."""
        commands: dict[str, tuple[str, str]] = {}
        environment: dict[str, tuple[str, str]] = {}
        lines: list[str] = []
        for impl, part in self._call("ec_session", Session, state=state, request=request, host=host):
            _merge("session command", commands, impl.plugin_name, part.commands)
            _merge("session variable", environment, impl.plugin_name, part.environment)
            lines += part.help
        return Session(
            commands=MappingProxyType({name: value for name, (_, value) in commands.items()}),
            environment=MappingProxyType({name: value for name, (_, value) in environment.items()}),
            help=tuple(lines),
        )

    def observe(self, event: Event) -> tuple[PluginError, ...]:
        """Hand an event to the observing plugins; what goes wrong there is returned, never raised."""
        failures = []
        for impl in self._implementations("ec_observe"):
            try:
                self._call_one(impl, "ec_observe", type(None), event=event)
            except ExtraContainerError as error:
                failures.append(PluginError(error.message))
        return tuple(failures)

    def _problems(self, hook: str, **arguments: object) -> Problems:
        found: list[Problem] = []
        for impl, problems in self._call(hook, tuple, **arguments):
            _check_items(impl, hook, problems, (Problem,))
            found += problems
        return tuple(found)

    def _implementations(self, hook: str) -> list[HookImpl]:
        # pluggy keeps them in reverse order of calling.
        return list(reversed(getattr(self._manager.hook, hook).get_hookimpls()))

    def _call(self, hook: str, expected: type[_T], **arguments: object) -> Iterator[tuple[HookImpl, _T]]:
        for impl in self._implementations(hook):
            value = self._call_one(impl, hook, expected, **arguments)
            if value is not None:
                yield impl, value

    def _call_one(self, impl: HookImpl, hook: str, expected: type[_T], **arguments: object) -> _T | None:
        function: Callable[..., object] = impl.function
        try:
            value = function(*(arguments[name] for name in impl.argnames))
        except ExtraContainerError:
            raise
        except Exception as error:
            raise _broken(impl, f"{hook} raised {type(error).__name__}: {error} ({_where(error)})") from error
        if value is not None and not isinstance(value, expected):
            raise _broken(impl, f"{hook} returned {type(value).__name__} instead of {expected.__name__}")
        return value


def _host_rank(plugin: str) -> int:
    # Plugins of third parties know a special machine, so they are asked before ours.
    return _HOST_ORDER.index(plugin) if plugin in _HOST_ORDER else -1


def _merge(what: str, into: dict[str, tuple[str, _V]], plugin: str, values: Mapping[str, _V]) -> None:
    for name, value in values.items():
        if name in into:
            raise PluginError(f"The plugins {into[name][0]} and {plugin} both set the {what} {name!r}")
        into[name] = (plugin, value)


def _check_items(impl: HookImpl, hook: str, items: tuple[object, ...], expected: tuple[type, ...]) -> None:
    for item in items:
        if not isinstance(item, expected):
            names = " or ".join(kind.__name__ for kind in expected)
            raise _broken(impl, f"{hook} returned a tuple with {type(item).__name__} instead of {names}")


def _broken(impl: HookImpl, what: str) -> PluginError:
    return PluginError(
        f"The plugin {impl.plugin_name} is broken: {what}",
        hint=f"Go on without it: EXTRA_CONTAINER_DISABLE_PLUGINS={impl.plugin_name}",
    )


def _where(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"
