"""Isolation of containers: ``containers.NAME.extra.{storeView,privateUsers,credentials}``.

The options are NixOS modules in ``nix/``. What they do is done by a program of each container's own, which its unit
starts (``nix/program.nix``), and works without this package. What the package adds is asked of that program before
anything changes: whether the container would miss something, and that what runs gets what an update needs.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.plugin import hookimpl

if TYPE_CHECKING:
    from extra_container.plugin import BuildInputs, BuildResult, Host, InstallPlan, Problems, RunPlan

ec_requires_api = 2


@hookimpl
def ec_build_inputs() -> BuildInputs:
    """Contribute the modules."""
    from extra_container.plugin import BuildInputs

    return BuildInputs(modules=(Path(__file__).parent / "nix" / "module.nix",))


@hookimpl
def ec_check_build(result: BuildResult) -> Problems:
    """Find what containers would miss that see only the closure of their system."""
    from extra_container_isolation.program import program_of

    return tuple(
        problem
        for container in result.containers
        if (program := program_of(container)) is not None
        for problem in program.forgotten()
    )


@hookimpl
def ec_before_start(plan: RunPlan, host: Host, install: InstallPlan | None) -> None:
    """Refuse what cannot start, and let containers that are updated have what their new system needs."""
    from extra_container_isolation.program import program_of, program_of_installed

    built = {} if install is None else {item.name: item.container for item in install.items}
    for name in (*plan.start, *plan.restart):
        program = program_of(built[name]) if name in built else program_of_installed(name, host)
        if program is not None:
            program.check()
    for name in plan.update:
        if name in built and (program := program_of(built[name])) is not None:
            program.update()
