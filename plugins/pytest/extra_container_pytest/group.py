"""Machines that are made, changed and destroyed together, and know each other by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from extra_container_pytest.definitions import Definition, Source, group_file, source
from extra_container_pytest.errors import ContainersError
from extra_container_pytest.machines.machine import Machine
from extra_container_pytest.program import Program
from extra_container_pytest.runs import bridges
from extra_container_pytest.runs.registry import Registry, Slot


class Group(Mapping[str, Machine]):
    """Machines by the names that the test gives them, as keys and as attributes (with ``_`` for ``-``)."""

    def __init__(self, registry: Registry, program: Program, slot: Slot, *, base: Path, out_dir: Path) -> None:
        self._registry, self._program, self._slot = registry, program, slot
        self._base = base
        self.out_dir = out_dir
        self._sources: tuple[Source, ...] = ()
        self._machines: dict[str, Machine] = {}
        # Whether these are all containers of the slot: an installation that failed may have left others.
        self._is_whole = False

    def __getitem__(self, name: str) -> Machine:
        return self._machines[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._machines)

    def __len__(self) -> int:
        return len(self._machines)

    def __getattr__(self, name: str) -> Machine:
        machines: dict[str, Machine] = vars(self).get("_machines", {})
        for known, machine in machines.items():
            if known.replace("-", "_") == name:
                return machine
        raise AttributeError(f"there is no machine {name!r}; there are: {', '.join(self) or 'none'}")

    @property
    def slot(self) -> Slot:
        """Names and addresses of the group."""
        return self._slot

    def create(self, sources: Sequence[Source], *, start: bool = True) -> None:
        """Build and install the machines, all in one build, and boot them together."""
        bridges.add(self._slot)
        self._bring(tuple(sources), *(["--start"] if start else []))
        for machine in self.values():
            machine.booted = machine.was_started = start
        self._is_whole = True

    def start_all(self) -> None:
        """Boot all machines together and wait until they have."""
        waiting = [machine for machine in self.values() if not machine.booted]
        for machine in waiting:
            machine.was_started = True
        if waiting:
            self._program.start([machine.container for machine in waiting])
        for machine in waiting:
            machine.booted = True

    def update(self, definition: Definition) -> None:
        """Bring the machines to what another definition says, live where that can be; other machines come and go."""
        self._update((self._source(definition),))

    def update_machine(self, machine: Machine, definition: Definition) -> None:
        """Bring one machine to what another definition says of it."""
        if isinstance(definition, Mapping) and not {machine.name, "containers"}.intersection(definition):
            definition = {machine.name: definition}
        new = self._source(definition).of(machine.name)
        kept = [rest for one in self._sources for rest in one.without(machine.name, self)]
        self._update((*kept, new))

    def address(self, machine: Machine) -> str:
        """Return the address of a machine: they are numbered in the order of their names, and the host is 1."""
        return f"{self._slot.prefix}.{sorted(self._machines).index(machine.name) + 2}"

    def adopt(self, containers: Sequence[str], sources: Sequence[Source], *, booted: bool) -> None:
        """Know the group's machines among containers that are installed already."""
        self._sources = tuple(sources)
        self._know(containers)
        for machine in self.values():
            machine.booted = machine.was_started = booted
        self._is_whole = True

    def disconnect(self) -> None:
        """End what waits for commands in the machines."""
        for machine in self.values():
            machine.disconnect()

    def destroy(self, *, keep: bool = False) -> None:
        """Stop and remove all of it, or leave it to be looked at."""
        self.disconnect()
        if keep:
            self._registry.keep(self._slot)
        else:
            names = [machine.container for machine in self.values()] if self._is_whole else None
            destroy_slot(self._slot, self._program, names)
            self._registry.release(self._slot)
        self._machines = {}

    def _update(self, sources: tuple[Source, ...]) -> None:
        before = set(self._machines)
        self._bring(sources, "--start", "--update-changed")
        for machine in self._machines.values():
            machine.disconnect()  # what stands in /etc/profile may be new
            machine.booted = machine.was_started = True
        self._program.destroy([self._slot.container(name) for name in before - set(self)])
        self._is_whole = True

    def _bring(self, sources: tuple[Source, ...], *options: str) -> None:
        file = group_file(self._slot, sources, self._registry.definitions)
        self._is_whole = False
        names = self._program.create(file, *options)
        self._sources = sources
        self._know(names)
        if not self._machines:
            raise ContainersError("The definition has no containers")

    def _know(self, containers: Sequence[str]) -> None:
        names = [name for container in containers if (name := self._slot.machine(container)) is not None]
        self._machines = {
            name: self._machines.get(name)
            or Machine(name=name, container=self._slot.container(name), program=self._program, group=self)
            for name in sorted(names)
        }

    def _source(self, definition: Definition) -> Source:
        return source(definition, self._registry.definitions, base=self._base)


def destroy_slot(slot: Slot, program: Program, containers: Sequence[str] | None = None) -> None:
    """Remove all that is a slot's: ``containers``, or whichever are installed, and the bridge."""
    program.destroy(slot.of(program.installed()) if containers is None else containers)
    bridges.remove(slot)
