"""What containers keep: thrown away, copied, backed up and restored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extra_container.plugin import hookimpl

if TYPE_CHECKING:
    from extra_container.plugin import FileOps, Host, Installed


@hookimpl
def ec_plan_destroy(names: tuple[str, ...], host: Host, installed: Installed) -> FileOps:
    """List what a ``reset`` or ``restore`` that was killed has left of a container."""
    from extra_container.plugin import RemoveTree, layout
    from extra_container_data.locations import places_of, staged

    found = (place for name in names for place in places_of(installed[name], host))
    return tuple(RemoveTree(path=beside) for place in found for beside in (layout.aside(place), staged(place)))
