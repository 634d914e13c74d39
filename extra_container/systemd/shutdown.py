"""Shutting containers down, for good or to start them again; also those that do not hear of it the first time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from extra_container.model.errors import ProcessError
from extra_container.model.layout import unit_name
from extra_container.process import Completed
from extra_container.systemd.nspawn import Nspawn
from extra_container.systemd.systemctl import Systemctl, UnitFacts
from extra_container.systemd.window import Window

# What was told to stop in the middle of its boot is told again after this time, and more for each of many.
_HALT_SECONDS = 1.0
_MORE_SECONDS = 0.1
# A restart takes as long as a boot, and those that were up when it began hear of it: to look at them is seldom needed.
_RESTART_SECONDS = 10.0
# Its supervisor was asked to shut the container down.
_STOPPING = "stop-sigterm"


def shut_down(names: Sequence[str], systemctl: Systemctl, nspawn: Nspawn) -> Completed:
    """Do what :meth:`.Systemctl.stop` does, and tell containers again that had just begun to boot."""
    while True:
        try:
            return systemctl.stop(names, timeout=_HALT_SECONDS + _MORE_SECONDS * (len(names) - 1))
        except ProcessError:
            facts = systemctl.show(names)
        if all(unit.at_rest or unit.booted for unit in facts.values()):
            return systemctl.stop(names)
        _tell_again(facts, nspawn)


def restart(
    names: Sequence[str], since: float, window: Window, systemctl: Systemctl, nspawn: Nspawn
) -> tuple[bool, str]:
    """Do the same with what :meth:`.Systemctl.restart` does; return if systemctl is content, and what it said.

    ``since`` is when that began, in monotonic seconds. Many containers are restarted in turn; then it is not content.
    """
    limit = _RESTART_SECONDS + _MORE_SECONDS * (len(names) - 1)
    complaints = ""
    if window.holds(names):
        with suppress(ProcessError):
            done = systemctl.restart(names, timeout=limit)
            return done.returncode == 0, done.stderr
    else:
        complaints = window.begin_restarts(names, since)
    while waited_for := {name: unit for name, unit in systemctl.show(names).items() if unit.job}:
        _tell_again(waited_for, nspawn)
        with suppress(ProcessError):
            # A job to start becomes one with that to restart.
            complaints += systemctl.start(tuple(waited_for), timeout=limit).stderr
    return False, complaints


def _tell_again(facts: Mapping[str, UnitFacts], nspawn: Nspawn) -> None:
    """Tell containers to shut down that did not hear of it, since they had just begun to boot."""
    for name, unit in facts.items():
        if not unit.booted and unit.sub == _STOPPING:
            nspawn.halt_leader(unit.main_pid, unit_name(name))
