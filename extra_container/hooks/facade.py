"""The hooks as the pipeline sees them: one typed method each, with contributions merged and culprits named."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, NoReturn, cast

from extra_container.hooks.answers.around import around
from extra_container.hooks.answers.merging import MergingHooks
from extra_container.hooks.call import HookCaller
from extra_container.model.errors import ExtraContainerError, HostError, PluginError
from extra_container.model.frozen import replace
from extra_container.model.host import Host

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from pluggy import PluginManager

    from extra_container.hooks.found import PluginInfo
    from extra_container.hooks.own import Own
    from extra_container.model.diagnosis import Checks
    from extra_container.model.events import Event
    from extra_container.model.origin import Origin
    from extra_container.model.plans import InstallPlan
    from extra_container.model.values import (
        BuildResult,
        Installed,
        Problems,
        Request,
    )
    from extra_container.process import Runner


class Hooks(MergingHooks):
    """Calls the hooks of the loaded plugins.

    Every method raises :class:`.PluginError`, naming plugin and package, if a hook raises
    something that is not an :class:`.ExtraContainerError`, returns something of a wrong type, or
    takes too long. With ``tolerate`` that is handed there if the plugin is a third party's, and the plugin contributes
    nothing. ``plugins`` tell the packages; ``seconds`` replaces the time limits of all hooks; ``own`` has
    their settings and memories.
    """

    def __init__(
        self,
        manager: PluginManager,
        plugins: Iterable[PluginInfo] = (),
        *,
        tolerate: Callable[[PluginError], None] | None = None,
        seconds: float | None = None,
        own: Own | None = None,
    ) -> None:
        super().__init__()
        self._calls = HookCaller(manager, plugins, tolerate, seconds, own)
        # Events come from several threads; an observer sees one after the other.
        self._observing = threading.RLock()
        self._mute: set[str] = set()

    def add_arguments(self, command: str, parser: argparse.ArgumentParser) -> dict[str, str]:
        """Let plugins add arguments to a command's parser; return which plugin added which option."""
        owners: dict[str, str] = {}
        builders = {one.plugin_name for one in self._calls.implementations("ec_build_inputs")}
        values: dict[str, str] = {}
        for implementation in self._calls.implementations(hook := "ec_add_arguments"):
            plugin, known = implementation.plugin_name, set(parser._actions)

            def name_both(error: PluginError, plugin: str = plugin) -> PluginError:
                taken = [option for option in owners if option in str(error.__cause__)]
                if not taken or type(error.__cause__).__name__ != "ArgumentError":
                    return error
                return self._both(f"add the option {taken[0]}", owners[taken[0]], plugin)

            self._calls.one(implementation, hook, type(None), explain=name_both, command=command, parser=parser)
            for action in parser._actions:
                if action in known:
                    continue
                if plugin in builders:
                    vars(action)["builder"] = self._calls.shown(plugin)
                if values.setdefault(action.dest, plugin) != plugin:  # both would read one value in `Request.options`
                    error = self._both(f"add an option with the value {action.dest!r}", values[action.dest], plugin)
                    self._calls.attempt(implementation, hook, partial(_fail, error))
                owners.update(dict.fromkeys(action.option_strings, plugin))
        return owners

    def add_places(self, command: str, parser: argparse.ArgumentParser) -> None:
        """Let plugins add options that say on which machine a command is carried out."""
        for _ in self._calls.every("ec_add_places", type(None), command=command, parser=parser):
            continue

    def elsewhere(self, call: object) -> Callable[[], int] | None:
        """Return what carries a command line out on another machine, None if no plugin does."""
        for _, found in self._calls.every("ec_elsewhere", object, call=call):
            return cast("Callable[[], int]", found)
        return None

    def builders(self) -> tuple[str, ...]:
        """Return the plugins that add to evaluation or installation, as messages name them, sorted."""
        hooks = ("ec_build_inputs", "ec_before_build", "ec_plan_install", "ec_before_start")
        names = {implementation.plugin_name for hook in hooks for implementation in self._calls.implementations(hook)}
        return tuple(sorted(map(self._calls.shown, names)))

    def host_names(self) -> list[str]:
        """Return the names of all hosts that can be asked for, sorted."""
        return sorted(impl.plugin_name for impl in self._calls.implementations("ec_detect_host"))

    def detect_host(self, root: Path, runner: Runner, wanted: str | None = None) -> Host:
        """Return the host that the program runs on, or the ``wanted`` one.

        Raises :class:`.HostError` if no plugin knows this host.
        """
        impls = self._calls.implementations("ec_detect_host")
        if wanted is not None:
            impls = [impl for impl in impls if impl.plugin_name == wanted]
        # Plugins of third parties know a special machine, so they are asked before ours.
        for impl in sorted(impls, key=self._calls.is_ours):
            host = self._calls.one(impl, "ec_detect_host", Host, root=root, runner=runner)
            if host is not None:
                return self.wrap_host(host, runner)
        if wanted is not None:
            hint = f"Hosts: {', '.join(self.host_names())}."
            raise HostError(f"No plugin can drive this machine as host {wanted!r}", hint=hint)
        raise HostError(
            "No plugin knows this kind of host",
            hint="Containers need a booted systemd, or at least systemd-nspawn (Debian: systemd-container).",
        )

    def wrap_host(self, host: Host, runner: Runner) -> Host:
        """Return the host as plugins want it, each of them working with what the one before it made of it."""
        for implementation in self._calls.implementations("ec_wrap_host"):
            wrapped = self._calls.one(implementation, "ec_wrap_host", Host, host=host, runner=runner)
            host = host if wrapped is None else wrapped
        return host

    def check_request(self, request: Request, host: Host) -> Problems:
        """Return what the plugins find wrong with a request."""
        return self._problems("ec_check_request", request=request, host=host)

    def check_build(self, result: BuildResult, host: Host, request: Request | None = None) -> Problems:
        """Return what of a build the host cannot give."""
        return self._problems("ec_check_build", result=result, host=host, request=request)

    def plan_install(
        self, result: BuildResult, host: Host, installed: Installed, request: Request | None = None
    ) -> InstallPlan:
        """Return the install plan of the first plugin that makes one."""
        from extra_container.model.plans import InstallPlan

        arguments = {"result": result, "host": host, "installed": installed, "request": request}

        def first() -> InstallPlan:
            for _, plan in self._calls.every("ec_plan_install", InstallPlan, (), **arguments):
                return plan
            hint = "`extra-container plugins` shows which there are."
            raise PluginError("No plugin plans the installation", hint=hint)

        return around(self._calls, "ec_plan_install", first, InstallPlan, (), **arguments)

    def check_install(self, plan: InstallPlan, host: Host) -> Problems:
        """Return what is wrong with an installation that has just been made."""
        return self._problems("ec_check_install", plan=plan, host=host)

    def doctor_checks(self, runner: Runner, host: Host | None) -> Checks:
        """Return what the plugins have ``doctor`` look at."""
        from extra_container.model.diagnosis import Check

        arguments = {"runner": runner, "host": host}

        def found() -> Checks:
            every = self._calls.every("ec_doctor_checks", tuple, (Check,), **arguments)
            return tuple(check for _, checks in every for check in checks)

        return around(self._calls, "ec_doctor_checks", found, tuple, (Check,), **arguments)

    @property
    def observed(self) -> bool:
        """Whether some plugin observes what goes on."""
        return bool(self._calls.implementations("ec_observe"))

    @property
    def at_work(self) -> str | None:
        """The plugin whose hook is being called, None if none is."""
        return self._calls.at_work

    def observe(self, event: Event, origin: Origin | None = None) -> tuple[PluginError, ...]:
        """Hand an event to the observing plugins; what goes wrong there is returned, never raised.

        An observer that failed is not asked again. Without ``origin`` it is not known where the event comes from.
        """
        if origin is None:
            from extra_container.model.origin import Origin

            origin = Origin(run="", command="")
        with self._observing:
            return self._observe(event, origin)

    def _observe(self, event: Event, origin: Origin) -> tuple[PluginError, ...]:
        failures = []
        for impl in self._calls.implementations("ec_observe"):
            if impl.plugin_name in self._mute:
                continue
            self._mute.add(impl.plugin_name)  # also while it observes: what it does may be an event of its own
            try:
                self._calls.one(impl, "ec_observe", type(None), event=event, origin=origin)
            except ExtraContainerError as error:
                failures.append(PluginError(error.message, hint=error.hint))
            else:
                self._mute.discard(impl.plugin_name)
        return tuple(failures)

    def _problems(self, hook: str, **arguments: object) -> Problems:
        from extra_container.model.values import Problem

        def found() -> Problems:
            return tuple(
                replace(problem, plugin=plugin)
                for plugin, answer in self._calls.every(hook, tuple, (Problem,), **arguments)
                for problem in answer
            )

        return around(self._calls, hook, found, tuple, (Problem,), **arguments)


def _fail(error: PluginError) -> NoReturn:
    raise error
