"""The containers of one test process: made, reused, shown and destroyed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

from extra_container_pytest.definitions import Definition, Source, combined_file, group_file, source
from extra_container_pytest.errors import ContainersError
from extra_container_pytest.group import Group, destroy_slot
from extra_container_pytest.program import Program
from extra_container_pytest.runs import bridges
from extra_container_pytest.runs.registry import Registry, Slot, slot_named


class Installed(TypedDict):
    """A group, as processes of a run tell each other of it."""

    slot: str
    containers: list[str]


class Service:
    """Groups of containers, of which none outlives the run, unless ``keep`` says so.

    ``shares`` is whether other processes of the run may use its containers, so that the last of all destroys them.
    """

    def __init__(self, registry: Registry, program: Program, *, keep: bool, shares: bool, out_dir: Path) -> None:
        self.registry, self.program = registry, program
        self._keep, self.shares = keep, shares
        self.out_dir = out_dir
        self.groups: list[Group] = []
        self._shared: dict[str, Group] = {}

    def open(self) -> None:
        """Become a part of the run, and sweep what ended ones have left. Raises ContainersError for who is not root."""
        if os.geteuid() != 0:
            raise ContainersError("Containers need root: run the tests with `sudo -E`, or in a root shell")
        if not self.registry.is_joined:
            self.registry.join()
            sweep(self.registry, self.program)

    def source(self, definition: Definition, base: Path) -> Source:
        """Return a definition as a file; its relative paths are relative to ``base``."""
        self.open()
        return source(definition, self.registry.definitions, base=base)

    def group(self, base: Path) -> Group:
        """Return a new group with names and addresses of its own, still without machines."""
        self.open()
        group = self._group(self.registry.claim(self.program.installed), base)
        self.groups.append(group)
        return group

    def create(self, definition: Definition, *, base: Path, start: bool = True) -> Group:
        """Return a new group of the machines of a definition."""
        group = self.group(base)
        try:
            group.create([self.source(definition, base)], start=start)
        except BaseException:
            self.destroy(group)
            raise
        return group

    def install(self, wanted: Mapping[str, Definition], base: Path) -> dict[str, Installed]:
        """Install a group for each definition: all of them built at once, none of them started. They are the run's."""
        sources = {key: self.source(definition, base) for key, definition in wanted.items()}
        groups = {key: self._group(self.registry.claim(self.program.installed), base) for key in sources}
        directory = self.registry.definitions
        try:
            for group in groups.values():
                bridges.add(group.slot)
            files = [group_file(groups[key].slot, [one], directory) for key, one in sources.items()]
            names = self.program.create(combined_file(files, directory))
        except BaseException:
            for group in groups.values():
                group.destroy()
            raise
        return {
            key: {"slot": group.slot.name, "containers": list(group.slot.of(names))} for key, group in groups.items()
        }

    def adopt(self, installed: Installed, definition: Definition, base: Path) -> Group:
        """Return the group of a definition that the run has installed; from now on it is this process'."""
        group = self._group(slot_named(installed["slot"]), base)
        group.adopt(installed["containers"], [self.source(definition, base)], booted=False)
        self.groups.append(group)
        return group

    def share(self, definition: Definition, base: Path) -> Group:
        """Return the run's one group of a definition, whichever of its processes made it; it ends with the run."""
        one = self.source(definition, base)
        key = hashlib.sha256(f"{one.kind} {one.path}".encode()).hexdigest()[:16]
        if key not in self._shared:
            with self.registry.exclusively(key) as file:
                self._shared[key] = self._shared_group(file, one, base)
        return self._shared[key]

    def _shared_group(self, file: Path, one: Source, base: Path) -> Group:
        if text := file.read_text():
            entry: Installed = json.loads(text)
            group = self._group(slot_named(entry["slot"]), base)
            group.adopt(entry["containers"], [one], booted=True)
            return group
        group = self.group(base)
        self.groups.remove(group)
        try:
            group.create([one])
        except BaseException:
            group.destroy()
            raise
        installed = Installed(slot=group.slot.name, containers=[machine.container for machine in group.values()])
        file.write_text(json.dumps(installed))
        return group

    def destroy(self, group: Group) -> None:
        """Stop and remove a group, or leave it if all are kept."""
        self.groups.remove(group)
        group.destroy(keep=self._keep and len(group) > 0)

    def in_use(self) -> list[Group]:
        """Return the groups that a test may have used, the run's shared ones included: those that were started."""
        groups = (*self.groups, *self._shared.values())
        return [group for group in groups if any(machine.was_started for machine in group.values())]

    def close(self) -> None:
        """Destroy what is this process', and what the run shares if nobody else can use it any more."""
        if not self.registry.is_joined:
            return
        for group in tuple(self.groups):
            self.destroy(group)
        for group in self._shared.values():
            group.disconnect()
        self.registry.leave()
        if not self.shares:
            end_run(self.registry, self.program, keep=self._keep)

    def _group(self, slot: Slot, base: Path) -> Group:
        return Group(self.registry, self.program, slot, base=base, out_dir=self.out_dir)


def end_run(registry: Registry, program: Program, *, keep: bool) -> None:
    """Wait until the processes of a run have ended, and destroy all that they have left."""
    with registry.ending():
        for slot in registry.mine():
            if keep:
                registry.keep(slot)
            else:
                destroy_slot(slot, program)
                registry.release(slot)
        registry.forget_shared()
    # What was killed when this run began may have needed a moment to end.
    sweep(registry, program)


def sweep(registry: Registry, program: Program) -> None:
    """Destroy what ended runs have left."""
    registry.sweep(lambda slot: destroy_slot(slot, program), program.installed)


def free_kept() -> None:
    """Remove the bridges of kept containers that are gone, also in the middle of a change of the machine."""
    Registry().free_kept(bridges.remove, Program().installed)
