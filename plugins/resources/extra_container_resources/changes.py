"""Where systemd keeps what ``systemctl set-property --runtime`` has set of a unit, until the host reboots.

Source: ``RuntimeControl`` in systemd's src/basic/path-lookup.c.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.plugin import layout

if TYPE_CHECKING:
    from extra_container.plugin import Host


def directory(name: str, host: Host) -> Path:
    """Return the directory with the settings of a container's unit."""
    return host.root / "run/systemd/system.control" / f"{layout.unit_name(name)}.d"
