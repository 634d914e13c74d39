"""``machinectl``, and machined's own interface where machinectl cannot answer for several machines at once.

Nothing of a container depends on machined but its registration: one that is masked, dead, or out of reach because D-Bus
is down, counts as one that knows no machine.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from extra_container.json_text import loads
from extra_container.model.errors import HostError, ProcessError
from extra_container.model.layout import unit_name
from extra_container.process import Completed, Runner
from extra_container.systemd.systemctl import PLAIN

_SERVICE = "org.freedesktop.machine1"
_LIST = ("busctl", "--json=short", "call", _SERVICE, "/org/freedesktop/machine1", f"{_SERVICE}.Manager", "ListMachines")

# D-Bus gives a service that does not come up 25 s; whoever waits for a container has less patience.
_SECONDS = 10.0
_POLL_SECONDS = 0.05
_TERMINATE_SECONDS = 1.0
# So much of an answer that cannot be understood is shown.
_SHOWN = 200

PACKAGE_HINT = "Install the package systemd-container."


def parse_machines(text: str) -> frozenset[str]:
    """Parse machined's ``ListMachines`` reply, type ``a(ssso)``, as busctl's JSON; return the machines' names.

    Raises :class:`.HostError` for anything else.
    """
    try:
        (machines,) = loads(text)["data"]
        return frozenset(_name(*machine) for machine in machines)
    except (ValueError, KeyError, TypeError) as error:
        raise HostError(f"machined answers in an unknown way: {text[:_SHOWN]!r}") from error


def _name(name: object, _kind: object, _service: object, _path: object) -> str:
    if not isinstance(name, str):
        raise TypeError(type(name).__name__)
    return name


class Machined:
    """Asks the machine manager. A host without it has no machines."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    @property
    def present(self) -> bool:
        """Whether the host has a machine manager."""
        return self._runner.look("machinectl") is not None

    def answers(self) -> bool:
        """Whether machined is there, or comes when it is called."""
        return self._ask(_LIST) is not None

    def machines(self) -> frozenset[str]:
        """Return the names of all registered machines, from one call; none if machined does not answer."""
        done = self._ask(_LIST)
        return frozenset() if done is None else parse_machines(done.stdout)

    def unit(self, machine: str) -> str | None:
        """Return the unit that the machine runs in, ``None`` for an unknown machine."""
        return self._show(machine, "Unit") or None

    def leader(self, machine: str) -> int | None:
        """Return the host's PID of the machine's PID 1, ``None`` for an unknown machine."""
        value = self._show(machine, "Leader")
        return int(value) if value.isdecimal() and value != "0" else None

    def terminate(self, machines: Iterable[str]) -> None:
        """Ask machined to end the machines; one that is gone by now is no error."""
        for machine in machines:
            self._ask(["machinectl", "terminate", "--", machine])

    def forget(self, machines: AbstractSet[str], seconds: float) -> AbstractSet[str]:
        """Wait until none of the machines, whose units have stopped, is known; return those that are after that time.

        It is told to end them, again and again. A machine of somebody else with one of the names is left alone.
        """
        waiting = machines
        deadline = time.monotonic() + seconds
        next_terminate = time.monotonic()
        foreign: frozenset[str] = frozenset()
        while waiting := (waiting & self.machines()) - foreign:
            now = time.monotonic()
            if now >= next_terminate:
                foreign |= {name for name in waiting if self.unit(name) not in {None, unit_name(name)}}
                self.terminate(sorted(waiting - foreign))
                next_terminate = now + _TERMINATE_SECONDS
            if now >= deadline:
                break
            time.sleep(_POLL_SECONDS)
        return waiting - foreign

    def login_argv(self, machine: str) -> tuple[str, ...]:
        """Return the command that opens a login prompt in the machine.

        Raises :class:`.HostError` without machinectl.
        """
        program = self._runner.look("machinectl")
        if program is None:
            raise HostError("machinectl was not found", hint=PACKAGE_HINT)
        return (program, "login", "--", machine)

    def _show(self, machine: str, name: str) -> str:
        done = self._ask(["machinectl", "show", "-p", name, "--value", "--", machine])
        return "" if done is None else done.stdout.strip()

    def _ask(self, argv: Sequence[str]) -> Completed | None:
        """Return the answer, ``None`` if there is none or it is an error: mostly, that the machine is not known."""
        if not self.present:
            return None
        try:
            done = self._runner.run(argv, check=False, environment=PLAIN, timeout=_SECONDS)
        except ProcessError:
            return None
        return done if done.returncode == 0 else None
