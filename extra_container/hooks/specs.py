"""The hooks, version 1: what a plugin can do and when.

A plugin is a module (or package) with some of these functions, each marked with
:data:`extra_container.plugin.hookimpl`, named by an entry point of the group ``extra_container.plugins.v1``. A hook
may take fewer arguments than are listed here. *Pure* hooks decide and must not change anything; *acting* hooks may.
Contributions of several plugins are merged; two that set the same thing are an error that names both. For
every hook ``None`` is "nothing from me". The kind of a hook says how long it may take.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, TypeVar

import pluggy  # noqa: TID253 -- imported only by the plugin manager

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from extra_container.model.diagnosis import Checks
    from extra_container.model.events import Event
    from extra_container.model.host import Host
    from extra_container.model.origin import Origin
    from extra_container.model.plans import InstallPlan, RunPlan, RunState, Session
    from extra_container.model.values import BuildInputs, BuildResult, FileOps, Installed, Problems, Request
    from extra_container.process import Runner

_hookspec = pluggy.HookspecMarker("extra_container")
_F = TypeVar("_F", bound=Callable[..., object])


class Kind(Enum):
    """What a hook does, and the seconds after which it is interrupted."""

    PURE = ("pure", 30.0)  # decides, and changes nothing
    READING = ("reads", 30.0)  # looks at the machine, and changes nothing
    ACTING = ("acts", 300.0)  # may wait for a program
    OBSERVING = ("observes", 5.0)  # holds up every step of a run

    @property
    def does(self) -> str:
        """The kind as a word."""
        return self.value[0]

    @property
    def seconds(self) -> float:
        """How long a hook of this kind may take."""
        return self.value[1]


def _spec(kind: Kind, *, firstresult: bool = False) -> Callable[[_F], _F]:
    """Declare a hook. With ``firstresult`` the first plugin that answers wins, else all answers count."""

    def declare(function: _F) -> _F:
        function.__dict__["kind"] = kind
        return _hookspec(function, firstresult=firstresult)

    return declare


def declared() -> dict[str, Callable[..., object]]:
    """Return the hooks by name, in the order of this module."""
    return {name: function for name, function in globals().items() if name.startswith("ec_")}


def kind_of(hook: str) -> Kind:
    """Return the kind that a hook was declared with."""
    kind: Kind = globals()[hook].kind
    return kind


@_spec(Kind.PURE)
def ec_add_arguments(command: str, parser: argparse.ArgumentParser) -> None:
    """Add arguments to a command that works on a definition.

    Called for ``create``, ``build``, ``shell`` and ``destroy``. The values arrive in ``Request.options``.

    Version 1. Example::

        @hookimpl
        def ec_add_arguments(parser: argparse.ArgumentParser) -> None:
            parser.add_argument("--greeting", metavar="TEXT", help="text of /etc/greeting")
    """


@_spec(Kind.READING, firstresult=True)
def ec_detect_host(root: Path, runner: Runner) -> Host | None:
    """Recognise the host that the program runs on; ``None`` leaves it to the next plugin.

    ``root`` is the file system's root (``/``, another directory in tests). The first plugin that answers wins;
    ``--host NAME`` asks only the plugin with that name.

    Version 1. Example::

        @hookimpl
        def ec_detect_host(root: Path, runner: Runner) -> Host | None:
            if not (root / "run/ostree-booted").exists():
                return None
            units = root / "etc/systemd/system"
            return Host(name="ostree", manager=SystemdManager(runner), unit_directory=units)
    """


@_spec(Kind.PURE)
def ec_check_request(request: Request, host: Host) -> Problems:
    """Find what is wrong with a request before anything is built. Pure.

    Version 1. Example::

        @hookimpl
        def ec_check_request(request: Request) -> Problems:
            text = request.options.get("greeting")
            if text is not None and isinstance(request.source, BuiltSource):
                return (Problem(message="--greeting cannot change a finished build"),)
            return ()
    """


@_spec(Kind.ACTING)
def ec_before_build(request: Request, host: Host) -> None:
    """Prepare what the evaluation needs, for instance a key. Acting; called before :func:`ec_build_inputs`.

    Version 1. Example::

        @hookimpl
        def ec_before_build(host: Host) -> None:
            Path("/var/lib/greeting").mkdir(exist_ok=True)
    """


@_spec(Kind.READING)
def ec_build_inputs(request: Request, host: Host) -> BuildInputs:
    """Contribute NixOS modules and values to the evaluation. Reads, changes nothing.

    Not called for a finished build: :func:`ec_check_request` can refuse an option that would have no effect then.

    Version 1. Example::

        @hookimpl
        def ec_build_inputs(request: Request) -> BuildInputs:
            text = request.options.get("greeting")
            module = Path("/usr/share/greeting/greeting.nix")
            return BuildInputs(modules=(module,), values={"greeting": text if isinstance(text, str) else None})
    """


@_spec(Kind.PURE)
def ec_check_build(result: BuildResult, host: Host) -> Problems:
    """Find what of a build this host cannot give, before anything is installed. Pure.

    Not called by ``build``, which installs nothing.

    Version 1. Example::

        @hookimpl
        def ec_check_build(result: BuildResult) -> Problems:
            hidden = [container.name for container in result.containers if container.masked]
            warning = Severity.WARNING
            return tuple(Problem(message=f"{name} never starts", severity=warning) for name in hidden)
    """


@_spec(Kind.PURE, firstresult=True)
def ec_plan_install(result: BuildResult, host: Host, installed: Installed) -> InstallPlan | None:
    """Decide what to install. Pure; the first plugin that answers wins.

    Version 1. Example::

        @hookimpl
        def ec_plan_install(result: BuildResult, host: Host) -> InstallPlan | None:
            if host.name != "nowhere":
                return None  # the shipped plugin `install` decides
            items = [InstallItem(container=one, change=Change.NEW) for one in result.containers]
            return InstallPlan(items=tuple(items))
    """


@_spec(Kind.READING)
def ec_check_install(plan: InstallPlan, host: Host) -> Problems:
    """Check, after the files are in place and the units reloaded, that the host uses them. Reads only.

    ``plan`` has what is put in place together: restarts follow after updates, with a call of their own.

    Version 1. Example::

        @hookimpl
        def ec_check_install(plan: InstallPlan, host: Host) -> Problems:
            return fragment_problems(plan, host, hint="Is the unit directory in systemd's path?")
    """


@_spec(Kind.READING)
def ec_plan_destroy(names: tuple[str, ...], host: Host, installed: Installed) -> FileOps:
    """List the files to remove once the containers are stopped. Reads only; merged over the plugins.

    Version 1. Example::

        @hookimpl
        def ec_plan_destroy(names: tuple[str, ...]) -> FileOps:
            return tuple(RemoveTree(path=Path("/var/lib/greeting", name)) for name in names)
    """


@_spec(Kind.ACTING)
def ec_before_start(plan: RunPlan, host: Host, install: InstallPlan | None) -> None:
    """Act before containers are started, updated or restarted.

    Called before anything is installed or stopped, so that an error raised here leaves everything as it was.
    ``install`` (since level 2) is what is installed then, None if nothing is (``start``, ``restart``).

    Version 1. Example::

        @hookimpl
        def ec_before_start(plan: RunPlan) -> None:
            for name in (*plan.start, *plan.restart):
                Path("/var/lib/greeting", name).mkdir(parents=True, exist_ok=True)
    """


@_spec(Kind.ACTING)
def ec_after_run(state: RunState, host: Host) -> None:
    """Act after containers were started, updated or restarted.

    Version 1. Example::

        @hookimpl
        def ec_after_run(state: RunState) -> None:
            failed = {failure.name for failure in state.failures}
            for name in {*state.done.start} - failed:
                Path("/var/lib/greeting", name, "started").touch()
    """


@_spec(Kind.PURE)
def ec_session(state: RunState, request: Request, host: Host) -> Session:
    r"""Contribute commands, environment and help to a session. Pure.

    Version 1. Example::

        @hookimpl
        def ec_session(state: RunState) -> Session:
            name = state.result.containers[0].name
            script = f"#!/bin/sh\nexec c cat /etc/greeting # of {name}\n"
            return Session(commands={"greet": script}, help=("greet    show the container's greeting",))
    """


@_spec(Kind.READING)
def ec_doctor_checks(runner: Runner, host: Host | None) -> Checks:
    """Contribute to what ``doctor`` looks at: what the plugin needs of a host. Reads only.

    ``host`` is None where no plugin recognised the machine. The checks are looked at one by one later, so that one
    which fails keeps no other from it; each has as long as this hook.

    Version 1.1. Example::

        @hookimpl
        def ec_doctor_checks() -> Checks:
            def look() -> Findings:
                if Path("/var/lib/greeting").is_dir():
                    return (Finding(verdict=Verdict.OK, found="there is a place for greetings"),)
                remedy = "Run `mkdir /var/lib/greeting`."
                return (Finding(verdict=Verdict.WARNING, found="/var/lib/greeting is missing", remedy=remedy),)

            return (Check(name="greetings", look=look),)
    """


@_spec(Kind.OBSERVING)
def ec_observe(event: Event, origin: Origin) -> None:
    r"""Receive every event of a run. What goes wrong here is reported and never stops the run.

    ``origin`` has the run's id, which all events of one call share, and phase, plugin and container where these are
    known. They are the events of the structured log.

    Version 1. Example::

        @hookimpl
        def ec_observe(event: Event) -> None:
            if isinstance(event, events.ContainerFailed):
                Path("/var/log/failures").open("a").write(f"{event.failure.name}\n")
    """
