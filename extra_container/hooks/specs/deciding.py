"""The hooks with which plugins decide, contribute and watch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extra_container.hooks.specs.kinds import Kind, Memory, Settings, spec

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from extra_container.model.diagnosis import Checks
    from extra_container.model.events import Event
    from extra_container.model.host import Host
    from extra_container.model.origin import Origin
    from extra_container.model.plans import InstallPlan, RunState, Session
    from extra_container.model.values import (
        BuildInputs,
        BuildResult,
        BuiltContainer,
        CarryOut,
        FileOps,
        Installed,
        InstalledContainer,
        Problems,
        Request,
    )
    from extra_container.process import Runner


@spec(Kind.PURE)
def ec_add_arguments(command: str, parser: argparse.ArgumentParser, settings: Settings, memory: Memory) -> None:
    """Add arguments to a command that works on a definition.

    Called for ``create``, ``build``, ``shell`` and ``destroy``. The values arrive in ``Request.options``. With a
    finished build an option of a plugin that has :func:`ec_build_inputs` is warned of, unless
    :func:`extra_container.plugin_command.of_running` says that it is not about the build.

    Version 1. Example::

        @hookimpl
        def ec_add_arguments(parser: argparse.ArgumentParser) -> None:
            parser.add_argument("--greeting", metavar="TEXT", help="text of /etc/greeting")
    """


@spec(Kind.PURE)
def ec_add_places(command: str, parser: argparse.ArgumentParser) -> None:
    """Add options that say on which machine a command is carried out.

    Called for commands whose attribute ``anywhere`` is true. Where one of the options differs from its default, the
    plugins are asked by :func:`ec_elsewhere`.

    Version 1.1. Example::

        @hookimpl
        def ec_add_places(parser: argparse.ArgumentParser) -> None:
            parser.add_argument("--in-chroot", metavar="DIRECTORY", help="carry it out below this directory")
    """


@spec(Kind.PURE, firstresult=True)
def ec_elsewhere(call: object) -> CarryOut | None:
    """Return what carries a command line out on another machine and returns its exit code; None is "not mine".

    ``call`` is a :class:`extra_container.plugin_command.Call`. Nothing has been done yet, and root was not asked for.

    Version 1.1. Example::

        @hookimpl
        def ec_elsewhere(call: object) -> CarryOut | None:
            directory = getattr(call.parsed, "in_chroot", None)
            if directory is None:
                return None
            return subprocess.Popen(["chroot", directory, "extra-container", call.name]).wait
    """


@spec(Kind.READING, firstresult=True)
def ec_detect_host(root: Path, runner: Runner, settings: Settings, memory: Memory) -> Host | None:
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


@spec(Kind.READING)
def ec_wrap_host(host: Host, runner: Runner, settings: Settings, memory: Memory) -> Host | None:
    """Change the host that was recognised, whichever it is; ``None`` leaves it as it is. Reads only.

    Several plugins wrap one after the other. :func:`extra_container.plugin.wrap_manager` makes a manager that does some
    things in another way, and all others as before; :func:`extra_container.plugin.replace` a host with other fields.

    Version 1.1. Example::

        @hookimpl
        def ec_wrap_host(host: Host) -> Host:
            def start(names: list[str]) -> tuple[Failure, ...]:
                Path("/var/lib/greeting/starts").write_text(" ".join(names))
                return host.manager.start(names)

            return replace(host, manager=wrap_manager(host.manager, start=start))
    """


@spec(Kind.PURE, wrapped=True)
def ec_check_request(request: Request, host: Host, settings: Settings, memory: Memory) -> Problems:
    """Find what is wrong with a request before anything is built. Pure.

    Version 1. Example::

        @hookimpl
        def ec_check_request(request: Request) -> Problems:
            text = request.options.get("greeting")
            if text is not None and isinstance(request.source, BuiltSource):
                return (Problem(message="--greeting cannot change a finished build"),)
            return ()
    """


@spec(Kind.READING, wrapped=True)
def ec_build_inputs(request: Request, host: Host, settings: Settings, memory: Memory) -> BuildInputs:
    """Contribute NixOS modules and values to the evaluation. Reads, changes nothing.

    Not called for a finished build: :func:`ec_check_request` can refuse an option that would have no effect then.

    Version 1. Example::

        @hookimpl
        def ec_build_inputs(request: Request) -> BuildInputs:
            text = request.options.get("greeting")
            module = Path("/usr/share/greeting/greeting.nix")
            return BuildInputs(modules=(module,), values={"greeting": text if isinstance(text, str) else None})
    """


@spec(Kind.PURE, wrapped=True)
def ec_check_build(
    result: BuildResult, host: Host, request: Request | None, settings: Settings, memory: Memory
) -> Problems:
    """Find what of a build this host cannot give, before anything is installed. Pure.

    Not called by ``build``, which installs nothing. ``request`` (since level 2) is what the user asked for.

    Version 1. Example::

        @hookimpl
        def ec_check_build(result: BuildResult) -> Problems:
            hidden = [container.name for container in result.containers if container.masked]
            warning = Severity.WARNING
            return tuple(Problem(message=f"{name} never starts", severity=warning) for name in hidden)
    """


@spec(Kind.PURE, firstresult=True, wrapped=True)
def ec_plan_install(
    result: BuildResult, host: Host, installed: Installed, request: Request | None, settings: Settings, memory: Memory
) -> InstallPlan | None:
    """Decide what to install. Pure; the first plugin that answers wins.

    ``request`` (since level 2) is what the user asked for.

    Version 1. Example::

        @hookimpl
        def ec_plan_install(result: BuildResult, host: Host) -> InstallPlan | None:
            if host.name != "nowhere":
                return None  # the shipped plugin `install` decides
            items = [InstallItem(container=one, change=Change.NEW) for one in result.containers]
            return InstallPlan(items=tuple(items))
    """


@spec(Kind.READING, wrapped=True)
def ec_extra_install(
    container: BuiltContainer,
    host: Host,
    installed: InstalledContainer | None,
    request: Request | None,
    settings: Settings,
    memory: Memory,
) -> FileOps:
    """List files of a container that are to be installed with it. Reads only; called for each one; merged.

    They are put in place together with the container's own, all or none, and taken back with these; what is so already
    is left alone. ``installed`` is what is there of the container. :func:`ec_plan_destroy` lists what goes with it.
    A run that is killed leaves what was written until the next one, but for links, which that takes back.

    Version 1.1. Example::

        @hookimpl
        def ec_extra_install(container: BuiltContainer) -> FileOps:
            directory = Path("/var/lib/greeting", container.name)
            return (
                MakeDirectory(path=directory),
                WriteFile(path=directory / "system", text=container.settings["SYSTEM_PATH"]),
            )
    """


@spec(Kind.READING, wrapped=True)
def ec_check_install(plan: InstallPlan, host: Host, settings: Settings, memory: Memory) -> Problems:
    """Check, after the files are in place and the units reloaded, that the host uses them. Reads only.

    ``plan`` has what is put in place together: restarts follow after updates, with a call of their own.

    Version 1. Example::

        @hookimpl
        def ec_check_install(plan: InstallPlan, host: Host) -> Problems:
            return fragment_problems(plan, host, hint="Is the unit directory in systemd's path?")
    """


@spec(Kind.READING, wrapped=True)
def ec_plan_destroy(
    names: tuple[str, ...],
    host: Host,
    installed: Installed,
    request: Request | None,
    settings: Settings,
    memory: Memory,
) -> FileOps:
    """List the files to remove once the containers are stopped. Reads only; merged over the plugins.

    ``request`` (since level 2) is the one that names them, None where the command line has no definition.

    Version 1. Example::

        @hookimpl
        def ec_plan_destroy(names: tuple[str, ...]) -> FileOps:
            return tuple(RemoveTree(path=Path("/var/lib/greeting", name)) for name in names)
    """


@spec(Kind.PURE, wrapped=True)
def ec_session(state: RunState, request: Request, host: Host, settings: Settings, memory: Memory) -> Session:
    r"""Contribute commands, environment and help to a session. Pure.

    Called before the build as well, with a container of which nothing is known but a name, so that two plugins with
    one command are found out; what it raises then is passed over.

    Version 1. Example::

        @hookimpl
        def ec_session(state: RunState) -> Session:
            name = state.result.containers[0].name
            script = f"#!/bin/sh\nexec c cat /etc/greeting # of {name}\n"
            return Session(commands={"greet": script}, help=("greet    show the container's greeting",))
    """


@spec(Kind.READING, wrapped=True)
def ec_doctor_checks(runner: Runner, host: Host | None, settings: Settings, memory: Memory) -> Checks:
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


@spec(Kind.OBSERVING)
def ec_observe(event: Event, origin: Origin, settings: Settings, memory: Memory) -> None:
    r"""Receive every event of a run. What goes wrong here is reported and never stops the run.

    ``origin`` has the run's id, which all events of one call share, and phase, plugin and container where these are
    known. They are the events of the structured log.

    Version 1. Example::

        @hookimpl
        def ec_observe(event: Event) -> None:
            if isinstance(event, events.ContainerFailed):
                Path("/var/log/failures").open("a").write(f"{event.failure.name}\n")
    """
