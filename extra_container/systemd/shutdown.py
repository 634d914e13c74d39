"""Shutting containers down, also those that do not hear of it the first time."""

from __future__ import annotations

from collections.abc import Sequence

from extra_container.model.errors import ProcessError
from extra_container.model.layout import unit_name
from extra_container.process import Completed
from extra_container.systemd.nspawn import Nspawn
from extra_container.systemd.systemctl import Systemctl

# What was told to stop in the middle of its boot is told again after this time, and more for each of many.
_HALT_SECONDS = 1.0
_MORE_SECONDS = 0.1
# Its supervisor was asked to shut the container down.
_STOPPING = "stop-sigterm"


def shut_down(names: Sequence[str], systemctl: Systemctl, nspawn: Nspawn) -> Completed:
    """Do what :meth:`.Systemctl.stop` does, and tell containers again that had just begun to boot."""
    while True:
        try:
            return systemctl.stop(names, timeout=_HALT_SECONDS + _MORE_SECONDS * (len(names) - 1))
        except ProcessError:
            facts = systemctl.show(names)
        booting = {name: unit for name, unit in facts.items() if not (unit.at_rest or unit.booted)}
        if not booting:
            return systemctl.stop(names)
        for name, unit in booting.items():
            if unit.sub == _STOPPING:
                nspawn.halt_leader(unit.main_pid, unit_name(name))
