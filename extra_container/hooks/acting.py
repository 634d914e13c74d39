"""The hooks that act, as the pipeline sees them: one typed method each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extra_container.model.errors import ExtraContainerError, PluginError

if TYPE_CHECKING:
    from collections.abc import Callable

    from extra_container.hooks.call import HookCaller
    from extra_container.model.host import Host
    from extra_container.model.plans import Failure, InstallPlan, RunPlan, RunState
    from extra_container.model.values import Installed, Request
    from extra_container.process import Runner

_OVER = "It is over, and not taken back: only what the plugin does afterwards is missing."


class ActingHooks:
    """Calls the hooks that act before and after something is done to containers.

    What a ``before_*`` method raises keeps it from being done. What goes wrong after it must not keep the rest of a run
    from being done: the ``after_*`` methods keep such errors for :meth:`take_late`, but for :meth:`after_run`.
    """

    _calls: HookCaller

    def __init__(self) -> None:
        self._late: list[ExtraContainerError] = []

    def has(self, *hooks: str) -> bool:
        """Whether some plugin has one of the hooks."""
        return any(map(self._calls.implementations, hooks))

    def take_late(self) -> tuple[ExtraContainerError, ...]:
        """Return what went wrong after something was done, and forget it."""
        late, self._late = tuple(self._late), []
        return late

    def before_build(self, request: Request, host: Host) -> None:
        """Let plugins prepare what the evaluation needs."""
        self._before("ec_before_build", request=request, host=host)

    def before_start(
        self, plan: RunPlan, host: Host, install: InstallPlan | None = None, request: Request | None = None
    ) -> None:
        """Tell plugins that containers are about to be started, updated or restarted."""
        self._before("ec_before_start", plan=plan, host=host, install=install, request=request)

    def verify(
        self,
        plan: RunPlan,
        install: InstallPlan,
        *,
        host: Host,
        runner: Runner,
        request: Request,
        since: float,
        tell: Callable[[str], None],
    ) -> tuple[Failure, ...]:
        """Return the containers that do not do what they are for, each once."""
        from extra_container.model.plans import Failure

        known = {"plan": plan, "install": install, "host": host, "runner": runner, "request": request}
        found: dict[str, Failure] = {}
        for _, failures in self._calls.every("ec_verify", tuple, (Failure,), **known, since=since, tell=tell):
            for failure in failures:
                found.setdefault(failure.name, failure)
        return tuple(found.values())

    def after_start(
        self,
        names: tuple[str, ...],
        failures: tuple[Failure, ...],
        host: Host,
        runner: Runner,
        request: Request | None = None,
    ) -> None:
        """Tell plugins that containers were started."""
        self._after("ec_after_start", names=names, failures=failures, host=host, runner=runner, request=request)

    def before_stop(self, names: tuple[str, ...], host: Host, runner: Runner, request: Request | None = None) -> None:
        """Tell plugins that running containers are about to be stopped."""
        self._before("ec_before_stop", names=names, host=host, runner=runner, request=request)

    def after_stop(
        self,
        names: tuple[str, ...],
        failures: tuple[Failure, ...],
        host: Host,
        runner: Runner,
        request: Request | None = None,
    ) -> None:
        """Tell plugins that containers were stopped."""
        self._after("ec_after_stop", names=names, failures=failures, host=host, runner=runner, request=request)

    def before_update(self, names: tuple[str, ...], host: Host, runner: Runner, request: Request | None = None) -> None:
        """Tell plugins that running containers are about to be switched to another system."""
        self._before("ec_before_update", names=names, host=host, runner=runner, request=request)

    def after_update(
        self,
        names: tuple[str, ...],
        failures: tuple[Failure, ...],
        host: Host,
        runner: Runner,
        request: Request | None = None,
    ) -> None:
        """Tell plugins that running containers were switched."""
        self._after("ec_after_update", names=names, failures=failures, host=host, runner=runner, request=request)

    def before_destroy(
        self,
        names: tuple[str, ...],
        host: Host,
        installed: Installed,
        runner: Runner,
        request: Request | None = None,
    ) -> None:
        """Tell plugins that containers are about to be stopped and removed."""
        arguments = {"installed": installed, "runner": runner, "request": request}
        self._before("ec_before_destroy", names=names, host=host, **arguments)

    def after_destroy(self, names: tuple[str, ...], host: Host, runner: Runner, request: Request | None = None) -> None:
        """Tell plugins that nothing is left of containers."""
        self._after("ec_after_destroy", names=names, host=host, runner=runner, request=request)

    def after_run(self, state: RunState, host: Host, request: Request | None = None) -> None:
        """Tell plugins how starting, updating and restarting went."""
        try:
            self._before("ec_after_run", state=state, host=host, request=request)
        except PluginError as error:
            error.hint = f"{_OVER} {error.hint}"
            raise

    def _before(self, hook: str, **arguments: object) -> None:
        for _ in self._calls.every(hook, type(None), (), **arguments):
            continue

    def _after(self, hook: str, **arguments: object) -> None:
        for implementation in self._calls.implementations(hook):
            try:
                self._calls.one(implementation, hook, type(None), (), explain=None, **arguments)
            except ExtraContainerError as error:
                error.hint = f"{_OVER} {error.hint}" if error.hint else _OVER
                self._late.append(error)
