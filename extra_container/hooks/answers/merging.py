"""The hooks whose answers are merged: what two plugins both want is an error that names both."""

from __future__ import annotations

from contextlib import suppress
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from extra_container.hooks.acting import ActingHooks
from extra_container.hooks.answers.around import around
from extra_container.hooks.blame import way_out
from extra_container.model.errors import HostError, PluginError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from extra_container.model.host import Host
    from extra_container.model.plans import RunState, Session
    from extra_container.model.values import (
        JSON,
        BuildInputs,
        BuiltContainer,
        FileOp,
        FileOps,
        Installed,
        InstalledContainer,
        Request,
    )

_V = TypeVar("_V")

# Bytes of JSON. Nix gets them as one argument, which the kernel limits to 128 KiB (MAX_ARG_STRLEN, execve(2)).
_MOST_VALUES = 120_000


class MergingHooks(ActingHooks):
    """Calls the hooks with which several plugins contribute to one thing."""

    def __init__(self) -> None:
        super().__init__()
        self._owners: dict[Path, str] = {}

    def build_inputs(self, request: Request, host: Host) -> BuildInputs:
        """Return the merged modules and values of all plugins."""
        from extra_container.model.values import BuildInputs

        arguments = {"request": request, "host": host}

        def merged() -> BuildInputs:
            modules: list[Path] = []
            values: dict[str, tuple[str, object]] = {}
            of_machine: set[str] = set()
            for plugin, inputs in self._calls.every("ec_build_inputs", BuildInputs, (), **arguments):
                modules += inputs.modules
                of_machine |= inputs.of_machine
                self._owners.update(dict.fromkeys(inputs.modules, plugin))
                self._merge("build value", values, plugin, inputs.values)
            self._refuse_excess(values)
            plain = MappingProxyType({name: value for name, (_, value) in values.items()})
            return BuildInputs(
                modules=tuple(modules),
                values=plain,  # type: ignore[arg-type]  # _merge keeps the type
                of_machine=frozenset(of_machine),
            )

        return around(self._calls, "ec_build_inputs", merged, BuildInputs, (), **arguments)

    def values_of_machine(self, request: Request, host: Host) -> Mapping[str, JSON]:
        """Return what plugins say that evaluations for this machine have to know.

        A plugin that would have to be root for what it contributes says nothing.
        """
        from extra_container.model.values import BuildInputs

        found: dict[str, JSON] = {}
        for implementation in self._calls.implementations("ec_build_inputs"):
            with suppress(HostError):
                inputs = self._calls.one(implementation, "ec_build_inputs", BuildInputs, request=request, host=host)
                if inputs is not None:
                    found |= {name: value for name, value in inputs.values.items() if name in inputs.of_machine}
        return found

    def owners_of(self, files: Iterable[str], message: str) -> tuple[str, ...]:
        """Return the plugins whose modules an error of an evaluation comes from, that is about files or says something.

        What modules of the program's own plugins say is told to people who use these, and no fault of theirs.
        """
        from extra_container.hooks.answers import owners

        packages = {plugin: self._calls.package_of(plugin) for plugin in self._owners.values()}
        found = (owners.owner_of(file, self._owners, packages) for file in files)
        plugins = tuple(dict.fromkeys(plugin for plugin in found if plugin is not None))
        if plugins:
            return plugins
        speaker = owners.speaker(message, self.modules_of_others(), packages)
        return () if speaker is None else (speaker,)

    def modules_of_others(self) -> Mapping[Path, str]:
        """Return the modules that plugins of third parties contributed, each with its plugin."""
        return {module: plugin for module, plugin in self._owners.items() if not self._calls.owns(plugin)}

    def settings_of(self, plugin: str) -> Mapping[str, object]:
        """Return what people set for a plugin in files."""
        return self._calls.settings_of(plugin)

    def way_out(self, plugins: tuple[str, ...]) -> str:
        """Return how to go on without each of some plugins, in a line each."""
        return "\n".join(map(way_out, plugins))

    def shown(self, plugin: str) -> str:
        """Return a plugin's name with package and version as far as they are known."""
        return self._calls.shown(plugin)

    def extra_install(
        self,
        container: BuiltContainer,
        host: Host,
        installed: InstalledContainer | None,
        planned: FileOps = (),
        request: Request | None = None,
    ) -> FileOps:
        """Return the files that plugins want beside those that are ``planned``; a path is one plugin's."""
        from extra_container.model.values import Link, MakeDirectory, Remove, WriteFile

        kinds = (MakeDirectory, Link, WriteFile, Remove)
        arguments = {"container": container, "host": host, "installed": installed, "request": request}

        def merged() -> FileOps:
            taken = {op.path: "install" for op in planned if not isinstance(op, MakeDirectory)}
            ops: list[FileOp] = []
            for plugin, found in self._calls.every("ec_extra_install", tuple, kinds, **arguments):
                for op in found:
                    if not isinstance(op, MakeDirectory) and taken.setdefault(op.path, plugin) != plugin:
                        raise self._both(f"install {op.path} for {container.name}", taken[op.path], plugin)
                    if not op.path.is_absolute():
                        name = self._calls.shown(plugin)
                        raise PluginError(f"The plugin {name} installs {op.path}, which is no place")
                ops += found
            return tuple(ops)

        return around(self._calls, "ec_extra_install", merged, tuple, kinds, **arguments)

    def plan_destroy(
        self, names: tuple[str, ...], host: Host, installed: Installed, request: Request | None = None
    ) -> FileOps:
        """Return everything to remove, in the order in which it is to be removed."""
        from extra_container.model.values import Link, MakeDirectory, Remove, RemoveTree

        kinds = (Remove, RemoveTree, MakeDirectory, Link)
        arguments = {"names": names, "host": host, "installed": installed, "request": request}

        def merged() -> FileOps:
            answers = self._calls.every("ec_plan_destroy", tuple, kinds, **arguments)
            return tuple(op for _, found in answers for op in found)

        return around(self._calls, "ec_plan_destroy", merged, tuple, kinds, **arguments)

    def session(self, state: RunState, request: Request, host: Host) -> Session:
        """Return the merged session of all plugins."""
        from extra_container.model.plans import Session

        arguments = {"state": state, "request": request, "host": host}
        return around(
            self._calls,
            "ec_session",
            lambda: self._merged(self._calls.every("ec_session", Session, (), **arguments)),
            Session,
            (),
            **arguments,
        )

    def check_session(self, request: Request, host: Host) -> None:
        """Find two plugins that add one command or variable to sessions, before there is a container.

        They are asked with what stands in for one. What goes wrong then says nothing, since it is not theirs to know
        of such a container; what they answer for the real one is merged in the end. Raises :class:`.PluginError`.
        """
        if all(map(self._calls.is_ours, self._calls.implementations("ec_session"))):
            return
        from extra_container.hooks.answers.rehearsal import answers

        self._merged(answers(self._calls, request, host))

    def _merged(self, parts: Iterator[tuple[str, Session]]) -> Session:
        from extra_container.model.plans import Session

        commands: dict[str, tuple[str, str]] = {}
        environment: dict[str, tuple[str, str]] = {}
        lines: list[str] = []
        for plugin, part in parts:
            self._merge("session command", commands, plugin, part.commands)
            self._merge("session variable", environment, plugin, part.environment)
            lines += part.help
        return Session(
            commands=MappingProxyType({name: value for name, (_, value) in commands.items()}),
            environment=MappingProxyType({name: value for name, (_, value) in environment.items()}),
            help=tuple(lines),
        )

    def _both(self, do: str, one: str, other: str) -> PluginError:
        both = f"{self._calls.shown(one)} and {self._calls.shown(other)}"
        return PluginError(f"The plugins {both} both {do}", hint=f"Disable one: --disable-plugin {other}")

    def _refuse_excess(self, values: Mapping[str, tuple[str, object]]) -> None:
        import json

        sizes = {name: len(json.dumps(value)) for name, (_, value) in values.items()}
        if sum(sizes.values()) > _MOST_VALUES:
            largest = max(sizes, key=lambda name: sizes[name])
            raise PluginError(
                f"The build value {largest!r} of the plugin {self._calls.shown(values[largest][0])} is too large: "
                f"{sizes[largest]} bytes, and all of them may have {_MOST_VALUES}",
                hint="A plugin can write it to a file, and hand over the file's path.",
            )

    def _merge(self, what: str, into: dict[str, tuple[str, _V]], plugin: str, values: Mapping[str, _V]) -> None:
        for name, value in values.items():
            if name in into:
                raise self._both(f"set the {what} {name!r}", into[name][0], plugin)
            into[name] = (plugin, value)
