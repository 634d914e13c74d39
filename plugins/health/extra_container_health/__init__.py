"""Health of containers: ``containers.NAME.extra.healthCheck``, ``create --wait``, ``--check``, ``healthcheck run``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.plugin import hookimpl

if TYPE_CHECKING:
    from extra_container.plugin import BuildInputs


@hookimpl
def ec_build_inputs() -> BuildInputs:
    """Contribute the module that declares the options."""
    from extra_container.plugin import BuildInputs

    return BuildInputs(modules=(Path(__file__).parent / "nix/module.nix",))
