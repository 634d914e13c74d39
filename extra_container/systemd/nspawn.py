"""``systemd-nspawn`` seen from outside: the container that a supervisor runs, and what a killed supervisor leaves."""

from __future__ import annotations

import os
import signal
from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path

from extra_container import proc, shortcuts
from extra_container.model.layout import unit_name
from extra_container.process import Runner

# What systemd-nspawn sends to the container's PID 1, and systemd takes for "halt" (systemd(1), "Signals").
_HALT_SIGNAL = signal.SIGRTMIN + 3
_PROGRAM = "systemd-nspawn"
_SYSTEMD = 1


class Nspawn:
    """Finds and ends containers by their supervisor.

    ``processes`` is the kernel's process directory, ``runtime`` where nspawn keeps what belongs to running containers.
    """

    def __init__(
        self, runner: Runner, *, processes: Path = proc.ROOT, runtime: Path = Path("/run/systemd/nspawn")
    ) -> None:
        self._runner = runner
        self._processes = processes
        self._runtime = runtime

    def leader(self, supervisor: int, unit: str) -> int | None:
        """Return the supervisor's child that is PID 1 of a PID namespace; ``None`` without one in the unit."""
        children = proc.children(supervisor, root=self._processes)
        inits = (pid for pid in children if proc.is_init(pid, root=self._processes))
        return next((pid for pid in inits if self.runs_in(pid, unit)), None)

    def leaders(self, names: Iterable[str]) -> Mapping[str, int]:
        """Return PID 1 of each container that just one supervisor in its unit runs; systemd is not asked."""
        if not shortcuts.taken(shortcuts.PROCESSES, self._runner.environment):
            return {}
        wanted = {unit_name(name): name for name in names}
        found: dict[str, list[int]] = {}
        for pid in proc.inits(self._suspects(wanted.keys()), root=self._processes):
            supervisor = proc.parent(pid, root=self._processes)
            if supervisor and proc.name(supervisor, root=self._processes) == _PROGRAM:
                for unit in self._cgroups(pid) & self._cgroups(supervisor) & wanted.keys():
                    found.setdefault(wanted[unit], []).append(pid)
        return {name: pids[0] for name, pids in found.items() if len(pids) == 1}

    def _suspects(self, units: AbstractSet[str]) -> Collection[int] | None:
        """Return the processes among which PID 1 of each container is, or ``None``: all have to be looked at.

        systemd starts what a service runs as a child of its own, and a supervisor its container. So neither the
        processes of other services are looked at nor those inside of containers, which are many.
        """
        services = proc.children(_SYSTEMD, root=self._processes)
        if not services:
            return None  # the kernel tells no children without CONFIG_PROC_CHILDREN
        own = proc.pid_namespace(os.getpid(), root=self._processes)
        found: list[int] = []
        outside = [pid for pid in services if self._cgroups(pid) & units]
        while outside:
            for pid in proc.children(outside.pop(), root=self._processes):
                space = proc.pid_namespace(pid, root=self._processes)
                if space is not None:
                    (outside if space == own else found).append(pid)
        return found

    def _cgroups(self, pid: int) -> AbstractSet[str]:
        return {part for path in proc.cgroups(pid, root=self._processes).values() for part in path.split("/")}

    def runs_in(self, pid: int, unit: str) -> bool:
        """Tell whether a process belongs to the unit's control group: PIDs are reused."""
        return proc.runs_in(pid, unit, root=self._processes)

    def kill(self, leader: int | None, unit: str) -> bool:
        """Kill the container but not the supervisor, which then cleans up and ends; tell whether there was one."""
        return leader is not None and proc.signal_if(leader, signal.SIGKILL, lambda pid: self.runs_in(pid, unit))

    def halt_leader(self, supervisor: int, unit: str) -> bool:
        """Tell the container once more to shut down; return whether there was one.

        The supervisor does it once, which a PID 1 that has just begun to boot misses (pid_namespaces(7)), and kills the
        container if it is told again itself.
        """
        pid = self.leader(supervisor, unit)
        return pid is not None and proc.signal_if(pid, _HALT_SIGNAL, lambda child: self.runs_in(child, unit))

    def left_mount(self, machine: str) -> bool:
        """Tell whether the mount that nspawn has for a running machine is there.

        Since version 256 it is made for each machine, removed by the supervisor, and stays when that was killed:
        the next start fails with "Mount point … exists already, refusing". Units that were not evaluated by this
        version of the program do not remove it themselves.
        """
        return bool(self._export(machine))

    def unmount(self, machine: str) -> None:
        """Remove the mount that a killed supervisor left.

        Raises :class:`.ProcessError` if it cannot be removed.
        """
        for path in self._export(machine):
            self._runner.run(["umount", "--", str(path)])
            path.rmdir()
            if path.parent.name == machine:
                path.parent.rmdir()

    def _export(self, machine: str) -> tuple[Path, ...]:
        # The place of systemd 256 to 257, and the one of 262.
        places = (self._runtime / "unix-export" / machine, self._runtime / machine / "unix-export")
        return tuple(path for path in places if path.is_mount())
