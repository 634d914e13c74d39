"""Isolation of containers: ``containers.NAME.extra.{storeView,privateUsers,credentials,profile}``.

The options are NixOS modules in ``nix/``. What they do is done by a program of each container's own, which its unit
starts (``nix/program.nix``), and works without this package. What the package adds is asked of that program before
anything changes: whether the container would miss something, and that what runs gets what an update needs.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.plugin import hookimpl, layout, read_text_file

if TYPE_CHECKING:
    from extra_container.plugin import BuildInputs, BuildResult, Host, InstallPlan, Problems, RunPlan

ec_requires_api = 2

# nix/program.nix sets it in the units of isolated containers.
_VARIABLE = "EXTRA_CONTAINER_ISOLATION="


@hookimpl
def ec_build_inputs() -> BuildInputs:
    """Contribute the modules."""
    from extra_container.plugin import BuildInputs

    return BuildInputs(modules=(Path(__file__).parent / "nix" / "module.nix",))


@hookimpl
def ec_check_build(result: BuildResult) -> Problems:
    """Find what containers would miss that see only the closure of their system."""
    isolated = [container for container in result.containers if _VARIABLE in container.unit_text]
    if not isolated:
        return ()
    from extra_container_isolation.program import program_of

    return tuple(problem for container in isolated for problem in program_of(container).forgotten())


@hookimpl
def ec_before_start(plan: RunPlan, host: Host, install: InstallPlan | None) -> None:
    """Refuse what cannot start, and let containers that are updated have what their new system needs."""
    built = {} if install is None else {item.name: item.container for item in install.items}
    for name in (*plan.start, *plan.restart, *plan.update):
        text = built[name].unit_text if name in built else _installed_unit(name, host)
        if _VARIABLE not in text:
            continue
        from extra_container_isolation.program import Program, program_of

        program = program_of(built[name]) if name in built else Program.of_unit(name, text)
        if name in plan.update:
            program.update()
        else:
            program.check()


def _installed_unit(name: str, host: Host) -> str:
    """Return the text of an installed unit, nothing if it cannot be read: its start tells what is wrong with it."""
    try:
        return read_text_file(host.unit_directory / layout.unit_name(name), errors="replace")
    except OSError:
        return ""
