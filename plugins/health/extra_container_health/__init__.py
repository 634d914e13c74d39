"""Health of containers: ``containers.NAME.extra.healthCheck``, ``create --wait``, ``--check``, ``healthcheck run``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.plugin import hookimpl

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from extra_container.plugin import BuildInputs, Failure, Host, InstallPlan, Problems, Request, Runner, RunPlan

ec_requires_api = 2


@hookimpl
def ec_add_arguments(command: str, parser: argparse.ArgumentParser) -> None:
    """Add what decides whether ``create`` waits for health."""
    if command != "create":
        return
    from extra_container.plugin_command import of_running

    group = parser.add_argument_group("health")
    well = "wait until what was started is well: booted, no unit failed, check succeeded"
    of_running(group.add_argument("--wait", action="store_true", help=well))
    command_inside = "wait until this command succeeds inside, instead of healthCheck's"
    of_running(group.add_argument("--check", metavar="CMD", help=command_inside))
    longest = "wait for health no longer (default: 300)"
    of_running(group.add_argument("--timeout", metavar="SECONDS", type=_seconds, help=longest))


@hookimpl
def ec_check_request(request: Request) -> Problems:
    """Find options that would have no effect."""
    waits = request.start or request.update_changed or request.restart_changed
    given = [option for option in ("wait", "check", "timeout") if request.options.get(option)]
    if request.command != "create" or not given or waits:
        return ()
    from extra_container.plugin import Problem

    message = f"--{given[0]} is about containers that are started or updated"
    return (Problem(message=message, hint="Give --start or --update-changed as well."),)


@hookimpl
def ec_build_inputs() -> BuildInputs:
    """Contribute the module that declares the options."""
    from extra_container.plugin import BuildInputs

    return BuildInputs(modules=(Path(__file__).parent / "nix/module.nix",))


@hookimpl
def ec_verify(  # noqa: PLR0917 -- those of the hook
    plan: RunPlan,
    install: InstallPlan,
    host: Host,
    runner: Runner,
    request: Request,
    since: float,
    tell: Callable[[str], None],
) -> tuple[Failure, ...]:
    """Wait until what was started, updated or restarted is healthy, where somebody wants that."""
    if request.command != "create" or not (request.start or request.update_changed or request.restart_changed):
        return ()
    from extra_container_health.wanted import patients

    found = patients(plan, install, host, request, since)
    if not found:
        return ()
    from extra_container_health.waiting import wait

    names = ", ".join(patient.name for patient in found)
    tell(f"Waiting until {names} {'is' if len(found) == 1 else 'are'} healthy...")
    return wait(found, runner, host.runtime_directory)


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 86_400:
        raise ValueError(text)
    return seconds
