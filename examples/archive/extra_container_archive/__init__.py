"""Archives of containers: by ``archive`` and ``unarchive``, and before one is destroyed, if that is set."""

from __future__ import annotations

from collections.abc import Mapping

from extra_container.plugin import Host, Installed, Runner, hookimpl
from extra_container_archive.tar import pack, place_of

ec_requires_api = 2


@hookimpl
def ec_before_destroy(
    names: tuple[str, ...], host: Host, installed: Installed, runner: Runner, settings: Mapping[str, object]
) -> None:
    """Archive containers that are about to go, if ``before_destroy`` is set; what goes wrong keeps them."""
    if settings.get("before_destroy"):
        for name in names:
            if name in installed:
                pack(installed[name].state_directory, place_of(name, host, settings), runner)
