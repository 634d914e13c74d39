"""What a container takes of the machine and what it may take, as the kernel counts it for the container's cgroup.

The container's group is that of its unit. A hierarchy in which the container has no group of its own says nothing of
it: a machine with cgroup v1 where nobody divides the memory, say. Sources: cgroups(7), and cgroup-v2.rst and cgroup-v1/
of the kernel's documentation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from extra_container import proc
from extra_container.enter.cgroups import parse_mounts
from extra_container.model import layout
from extra_container.model.frozen import dataclass
from extra_container.model.host import leaders

if TYPE_CHECKING:
    from extra_container.model.host import Host

_MOUNTS = Path("/proc/self/mountinfo")
_UNIFIED = ""
# More than this is what version 1 of cgroups calls no limit: the greatest multiple of a page size in 63 bits.
_UNLIMITED = 1 << 62


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a container takes: ``memory`` in bytes, ``cpu`` in seconds since it started, ``tasks`` that there are.

    Each is None where the kernel does not count it for the container.
    """

    memory: int | None = None
    cpu: float | None = None
    tasks: int | None = None


NO_USAGE = Usage()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a container may take: bytes, CPUs (2.5 are two and a half), tasks. None is no limit.

    ``memory_high`` is where the kernel slows it down, ``cpu_weight`` its share among others (100 is the usual one).
    """

    memory_max: int | None = None
    memory_high: int | None = None
    swap_max: int | None = None
    cpu_max: float | None = None
    cpu_weight: int | None = None
    tasks_max: int | None = None


class Cgroups:
    """The machine's hierarchies, read once for many containers. ``processes`` is the kernel's process directory."""

    def __init__(self, *, mounts: Path = _MOUNTS, processes: Path = proc.ROOT) -> None:
        self._processes = processes
        self._places: dict[str, list[tuple[Path, str]]] = {}
        told = mounts.read_bytes() if mounts.exists() else b""
        for name, found in parse_mounts(told).items():
            for controller in name.decode().split(","):
                places = self._places.setdefault(controller, [])
                places += [(Path(point.decode()), root.decode().rstrip("/")) for point, root in found]

    def usage(self, leader: int, unit: str) -> Usage:
        """Return what the container takes whose PID 1 is ``leader`` and whose unit is ``unit``."""
        groups = self._groups(leader, unit)
        memory = _number(groups, (_UNIFIED, "memory.current"), ("memory", "memory.usage_in_bytes"))
        spent = _table(groups, _UNIFIED, "cpu.stat").get("usage_usec")
        nanoseconds = _number(groups, ("cpuacct", "cpuacct.usage"))
        cpu = spent / 1e6 if spent is not None else None if nanoseconds is None else nanoseconds / 1e9
        tasks = _number(groups, (_UNIFIED, "pids.current"), ("pids", "pids.current"))
        return Usage(memory=memory, cpu=cpu, tasks=tasks)

    def limits(self, leader: int, unit: str) -> Limits:
        """Return the limits that the kernel enforces for a container."""
        groups = self._groups(leader, unit)
        return Limits(
            memory_max=_number(groups, (_UNIFIED, "memory.max"), ("memory", "memory.limit_in_bytes")),
            memory_high=_number(groups, (_UNIFIED, "memory.high"), ("memory", "memory.soft_limit_in_bytes")),
            swap_max=_number(groups, (_UNIFIED, "memory.swap.max")),
            cpu_max=_cpus(groups),
            cpu_weight=_number(groups, (_UNIFIED, "cpu.weight")),
            tasks_max=_number(groups, (_UNIFIED, "pids.max"), ("pids", "pids.max")),
        )

    def directory(self, leader: int, unit: str) -> Path | None:
        """Return the directory of the container's group, None if it has none."""
        groups = self._groups(leader, unit)
        return groups.get(_UNIFIED) or groups.get("name=systemd")

    def _groups(self, leader: int, unit: str) -> Mapping[str, Path]:
        """Return the directory of the unit's group in each hierarchy where it has one."""
        found: dict[str, Path] = {}
        for names, path in proc.cgroups(leader, root=self._processes).items():
            group = group_of_unit(path, unit)
            for controller in names.split(","):
                for point, root in self._places.get(controller, ()) if group is not None else ():
                    if group is not None and f"{group}/".startswith(f"{root}/"):
                        found.setdefault(controller, point / group[len(root) + 1 :])
        return MappingProxyType(found)


def of_host(host: Host) -> Cgroups:
    """Return the hierarchies of a host; none where it tells of no mounts."""
    processes = host.root / proc.ROOT.relative_to("/")
    return Cgroups(mounts=host.root / _MOUNTS.relative_to("/"), processes=processes)


def cgroup_of(name: str, host: Host) -> Path | None:
    """Return the directory of a container's cgroup, None if it does not run, or has none."""
    leader = host.manager.leader(name)
    return None if leader is None else of_host(host).directory(leader, layout.unit_name(name))


def usage_of(names: Sequence[str], host: Host) -> Mapping[str, Usage]:
    """Return what containers take of the machine at this moment; those that do not run take nothing that is known."""
    cgroups = of_host(host)
    return {
        name: NO_USAGE if leader is None else cgroups.usage(leader, layout.unit_name(name))
        for name, leader in leaders(names, host.manager).items()
    }


def limits_of(name: str, host: Host) -> Limits:
    """Return the limits that the kernel enforces for a container; none are known of one that does not run."""
    leader = host.manager.leader(name)
    return Limits() if leader is None else of_host(host).limits(leader, layout.unit_name(name))


def group_of_unit(path: str, unit: str) -> str | None:
    """Return the part of a process' group that is its unit's, None if the process is in another one's. Pure."""
    parts = path.split("/")
    return "/".join(parts[: parts.index(unit) + 1]) if unit in parts else None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii")
    except OSError:
        return ""  # the controller is not there, or the container has just ended


def _number(groups: Mapping[str, Path], *files: tuple[str, str]) -> int | None:
    """Return the number in the first of the files that there is; None for none, and for what is not limited."""
    for controller, name in files:
        text = _text(groups[controller] / name).strip() if controller in groups else ""
        if text:
            return int(text) if text.isdecimal() and int(text) < _UNLIMITED else None
    return None


def _table(groups: Mapping[str, Path], controller: str, name: str) -> Mapping[str, int]:
    lines = _text(groups[controller] / name).splitlines() if controller in groups else []
    pairs = (line.split() for line in lines)
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdecimal()}


def _cpus(groups: Mapping[str, Path]) -> float | None:
    if _UNIFIED in groups and (words := _text(groups[_UNIFIED] / "cpu.max").split()):
        return None if words[0] == "max" else int(words[0]) / int(words[1])
    quota, period = _number(groups, ("cpu", "cpu.cfs_quota_us")), _number(groups, ("cpu", "cpu.cfs_period_us"))
    return None if not quota or not period else quota / period
