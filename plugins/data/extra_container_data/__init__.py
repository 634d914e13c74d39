"""What containers keep: thrown away, copied, backed up and restored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.plugin import hookimpl

if TYPE_CHECKING:
    from extra_container.plugin import BuildInputs, FileOps, Host, Installed, Request


@hookimpl
def ec_build_inputs(request: Request) -> BuildInputs | None:
    """Contribute the module that gives a container another name, if the request is for a clone."""
    names = {key: request.options.get(f"clone_{key}") for key in ("from", "to", "prefix", "prefix6", "same")}
    if names["from"] is None:
        return None
    from extra_container.plugin import BuildInputs

    module = Path(__file__).parent / "nix/clone.nix"
    texts = {key: None if value is None else str(value) for key, value in names.items()}
    return BuildInputs(modules=(module,), values={"clone": {**texts}})


@hookimpl
def ec_plan_destroy(names: tuple[str, ...], host: Host, installed: Installed) -> FileOps:
    """List what a ``reset`` or ``restore`` that was killed has left of a container."""
    from extra_container.plugin import RemoveTree, layout
    from extra_container_data.locations import places_of, staged

    found = (place for name in names for place in places_of(installed[name], host))
    return tuple(RemoveTree(path=beside) for place in found for beside in (layout.aside(place), staged(place)))
