"""``machinectl``, and machined's own interface where machinectl cannot answer for several machines at once."""

from __future__ import annotations

import json
from collections.abc import Iterable

from extra_container.model.errors import HostError
from extra_container.process import Runner, process_error
from extra_container.systemd.systemctl import PLAIN

_SERVICE = "org.freedesktop.machine1"
_LIST = ("busctl", "--json=short", "call", _SERVICE, "/org/freedesktop/machine1", f"{_SERVICE}.Manager", "ListMachines")

PACKAGE_HINT = "Install the package systemd-container."


def parse_machines(text: str) -> frozenset[str]:
    """Parse machined's ``ListMachines`` reply, type ``a(ssso)``, as busctl's JSON; return the machines' names."""
    return frozenset(machine[0] for machine in json.loads(text)["data"][0])


class Machined:
    """Asks the machine manager. A host without it has no machines."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    @property
    def present(self) -> bool:
        """Whether the host has a machine manager."""
        return self._runner.look("machinectl") is not None

    def machines(self) -> frozenset[str]:
        """Return the names of all registered machines, from one call.

        Raises :class:`.ProcessError` if machined does not answer.
        """
        if not self.present:
            return frozenset()
        return parse_machines(self._runner.run(_LIST, environment=PLAIN).stdout)

    def unit(self, machine: str) -> str | None:
        """Return the unit that the machine runs in, ``None`` for an unknown machine."""
        return self._show(machine, "Unit") or None

    def leader(self, machine: str) -> int | None:
        """Return the host's PID of the machine's PID 1, ``None`` for an unknown machine."""
        said = self._show(machine, "Leader")
        return int(said) if said.isdecimal() and said != "0" else None

    def terminate(self, machines: Iterable[str]) -> None:
        """Ask machined to end the machines; one that is gone by now is no error."""
        for machine in machines:
            self._runner.run(["machinectl", "terminate", "--", machine], check=False, environment=PLAIN)

    def login_argv(self, machine: str) -> tuple[str, ...]:
        """Return the command that opens a login prompt in the machine.

        Raises :class:`.HostError` without machinectl.
        """
        program = self._runner.look("machinectl")
        if program is None:
            raise HostError("machinectl was not found", hint=PACKAGE_HINT)
        return (program, "login", "--", machine)

    def _show(self, machine: str, name: str) -> str:
        if not self.present:
            return ""
        done = self._runner.run(
            ["machinectl", "show", "-p", name, "--value", "--", machine], check=False, environment=PLAIN
        )
        if done.returncode != 0 and "known" not in done.stderr:
            raise process_error(done)
        return done.stdout.strip() if done.returncode == 0 else ""
