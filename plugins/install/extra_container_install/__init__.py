"""Decides which links and GC roots make a container installed, and what goes when it is destroyed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.plugin import hookimpl

if TYPE_CHECKING:
    from extra_container.plugin import BuildResult, Checks, FileOps, Host, Installed, InstallPlan, Runner, RunPlan

_JOURNAL = Path("/var/log/journal")


@hookimpl
def ec_plan_install(result: BuildResult, host: Host, installed: Installed) -> InstallPlan:
    """Compare each built container with the installed one and list the links that put it in place."""
    from extra_container.plugin import InstallPlan
    from extra_container_install.links import plan_one

    return InstallPlan(
        items=tuple(plan_one(container, host, installed.get(container.name)) for container in result.containers)
    )


@hookimpl
def ec_plan_destroy(names: tuple[str, ...], host: Host, installed: Installed) -> FileOps:
    """List what a container leaves behind. The GC roots go last: until then the container is still listed."""
    from extra_container_install.links import destroy_one

    return tuple(op for name in names for op in destroy_one(installed[name], host, _JOURNAL))


@hookimpl
def ec_before_start(plan: RunPlan, host: Host) -> None:
    """Make what units of NixOS need, on every host: also of what is only installed, since others start it then.

    Containers that are only updated run, and so had it.
    """
    if plan.start or plan.restart or not plan.update:
        from extra_container_install import prerequisites

        prerequisites.provide(host.root)


@hookimpl
def ec_doctor_checks(runner: Runner, host: Host | None) -> Checks:
    """Have looked at what units of NixOS need of every host, and at sudo's way to the program."""
    from extra_container_install import host_checks

    return host_checks.checks(runner, host)
