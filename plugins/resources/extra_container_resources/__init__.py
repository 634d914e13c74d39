"""What containers may use of their host: ``containers.NAME.extra.resources`` and the command ``set-limit``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.plugin import hookimpl

if TYPE_CHECKING:
    from extra_container.plugin import BuildInputs, BuildResult, FileOps, Host, Problems

_SETTINGS = ("MemoryMax=", "CPUQuota=", "TasksMax=")
_WITHOUT_SYSTEMD = "standalone"


@hookimpl
def ec_build_inputs() -> BuildInputs:
    """Contribute the module that declares the options."""
    from extra_container.plugin import BuildInputs

    return BuildInputs(modules=(Path(__file__).parent / "nix/module.nix",))


@hookimpl
def ec_check_build(result: BuildResult, host: Host) -> Problems:
    """Warn of limits that nobody enforces: units' settings are systemd's business."""
    if host.name != _WITHOUT_SYSTEMD:
        return ()
    from extra_container.plugin import Problem, Severity

    return tuple(
        Problem(
            message=f"{container.name}: limits of memory, processors and tasks do not hold on a host without systemd",
            severity=Severity.WARNING,
        )
        for container in result.containers
        if any(line.startswith(_SETTINGS) for line in container.unit_text.splitlines())
    )


@hookimpl
def ec_plan_destroy(names: tuple[str, ...], host: Host) -> FileOps:
    """List what ``set-limit`` has left of a container."""
    from extra_container.plugin import RemoveTree
    from extra_container_resources.changes import directory

    return tuple(RemoveTree(path=directory(name, host)) for name in names)
