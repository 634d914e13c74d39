"""The hooks, version 1: what a plugin can do and when.

A plugin is a module (or package) with some of these functions, each marked with
:data:`extra_container.plugin.hookimpl`, named by an entry point of the group ``extra_container.plugins.v1``. A hook
may take fewer arguments than are listed here. *Pure* hooks decide and must not change anything; *acting* hooks may.
Contributions of several plugins are merged; two that set the same thing are an error that names both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy  # noqa: TID253 -- imported only by the plugin manager

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from extra_container.events import Event
    from extra_container.host import Host
    from extra_container.model import (
        BuildInputs,
        BuildResult,
        FileOps,
        Installed,
        InstallPlan,
        Problems,
        Request,
        RunPlan,
        RunState,
        Session,
    )
    from extra_container.process import Runner

hookspec = pluggy.HookspecMarker("extra_container")


@hookspec
def ec_add_arguments(command: str, parser: argparse.ArgumentParser) -> None:
    """Add arguments to a command that works on a definition.

    Called for ``create``, ``build``, ``shell`` and ``destroy``. The values arrive in ``Request.options``.
    """


@hookspec(firstresult=True)
def ec_detect_host(root: Path, runner: Runner) -> Host | None:
    """Recognise the host that the program runs on; ``None`` leaves it to the next plugin.

    ``root`` is the file system's root (``/``, another directory in tests). The first plugin that answers wins;
    ``--host NAME`` asks only the plugin with that name.
    """


@hookspec
def ec_check_request(request: Request, host: Host) -> Problems:
    """Find what is wrong with a request before anything is built. Pure."""


@hookspec
def ec_before_build(request: Request, host: Host) -> None:
    """Prepare what the evaluation needs, for instance a key. Acting; called before :func:`ec_build_inputs`."""


@hookspec
def ec_build_inputs(request: Request, host: Host) -> BuildInputs:
    """Contribute NixOS modules and values to the evaluation. Reads, changes nothing."""


@hookspec
def ec_check_build(result: BuildResult, host: Host) -> Problems:
    """Find what of a build this host cannot give, before anything is installed. Pure."""


@hookspec(firstresult=True)
def ec_plan_install(result: BuildResult, host: Host, installed: Installed) -> InstallPlan | None:
    """Decide what to install. Pure; the first plugin that answers wins."""


@hookspec
def ec_check_install(plan: InstallPlan, host: Host) -> Problems:
    """Check, after the files are in place and the units reloaded, that the host uses them. Reads only."""


@hookspec
def ec_plan_destroy(names: tuple[str, ...], host: Host, installed: Installed) -> FileOps:
    """List the files to remove once the containers are stopped. Reads only; merged over the plugins."""


@hookspec
def ec_before_start(plan: RunPlan, host: Host) -> None:
    """Act before containers are started, updated or restarted."""


@hookspec
def ec_after_run(state: RunState, host: Host) -> None:
    """Act after containers were started, updated or restarted."""


@hookspec
def ec_session(state: RunState, request: Request, host: Host) -> Session:
    """Contribute commands, environment and help to a session. Pure."""


@hookspec
def ec_observe(event: Event) -> None:
    """Receive every event of a run. What goes wrong here is reported and never stops the run."""
