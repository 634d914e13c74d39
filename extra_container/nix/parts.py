"""How many processes evaluate the containers of one definition, and with how much memory.

Evaluation is most of a build, and uses one core a process. Measured with Nix 2.8 and NixOS 26.11, the largest tried.
"""

from __future__ import annotations

from collections.abc import Mapping

from extra_container.model.frozen import dataclass

# What Nix needs for the package set and for each container's own system if it collects garbage as it sees fit: 834 MiB
# for one container, 1099 for two, 1813 for four, 3120 for eight.
_MIB_A_PROCESS = 500
_MIB_A_CONTAINER = 330
# What it takes if it never collects garbage: 1097 MiB for one container, 1577 for two, 2539 for four.
_HEAP_A_PROCESS = 600
_HEAP_A_CONTAINER = 500
# What the machine's other work may need meanwhile.
_SHARE_OF_MEMORY = 0.7
# What Nix takes by itself at the beginning; see initGC in its sources.
_HEAP_OF_NIX = 384

# CPU seconds of a process, for the package set and for each container, the latter with and without collecting garbage,
# and of the evaluation that joins what several processes found. Only their ratios matter here.
_SECONDS_A_PROCESS = 1.8
_SECONDS_A_CONTAINER = 1.1
_SECONDS_A_CONTAINER_COLLECTED = 2.0
_SECONDS_TO_JOIN = 0.6
# What is not worth the work of another process.
_NEAR = 1.1

_HEAP = "GC_INITIAL_HEAP_SIZE"
# With these the user says how Nix' garbage collector is to work; see its docs/README.environment.
_OF_THE_USER = frozenset({_HEAP, "GC_MAXIMUM_HEAP_SIZE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The containers that one process evaluates, and the MiB that it has from the beginning; None leaves it to Nix."""

    names: tuple[str, ...]
    heap_mib: int | None = None

    def variables(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Return what to add to the environment of the process; nothing if the user has said something there."""
        if self.heap_mib is None or _OF_THE_USER & environment.keys():
            return {}
        return {_HEAP: f"{self.heap_mib}M"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """Processes that may begin to evaluate before it is known how many containers there are.

    ``processes`` is how many there are to be for one container, for two, and so on; the last number stands for all
    that are more. ``first`` of them begin at once, with as much memory as one container needs.
    """

    processes: tuple[int, ...]
    first: int
    heap_mib: int | None

    def fits(self, plan: tuple[Part, ...]) -> bool:
        """Whether those that began would have begun like that had the containers been known."""
        containers = max(1, sum(len(part.names) for part in plan))
        count = self.processes[min(containers, len(self.processes)) - 1]
        return len(plan) == count and plan[0].heap_mib == self.heap_mib


def guess_parts(*, cores: int, available_mib: int, reservable: bool = True) -> Guess:
    """Say which processes may begin before the containers are known: those of a definition of one or two. Pure."""
    plans = [
        plan_parts(("",) * containers, cores=cores, available_mib=available_mib, reservable=reservable)
        for containers in range(1, max(2, cores) + 1)
    ]
    heap = plans[0][0].heap_mib
    both = len(plans[1]) > 1 and all(part.heap_mib == heap for part in plans[1])
    return Guess(processes=tuple(map(len, plans)), first=2 if both else 1, heap_mib=heap)


def plan_parts(names: tuple[str, ...], *, cores: int, available_mib: int, reservable: bool = True) -> tuple[Part, ...]:
    """Divide containers among processes: at most one a core, and as many as the memory is enough for. Pure.

    Few processes that collect no garbage are chosen before many that do, unless these are done clearly before.
    ``reservable`` is whether processes may reserve memory at all.
    """
    budget = int(available_mib * _SHARE_OF_MEMORY)
    heaps = budget if reservable else 0
    most = max(1, min(cores, len(names)))
    seconds = {
        count: _seconds(count, len(names), heaps)
        for count in range(1, most + 1)
        if count == 1 or _least(count, len(names)) <= budget
    }
    count = next(count for count in seconds if seconds[count] <= min(seconds.values()) * _NEAR)
    groups = [names[start::count] for start in range(count)]
    share = min(1.0, heaps / _most(count, len(names)))
    return tuple(Part(names=group, heap_mib=_heap(len(group), share)) for group in groups)


def _least(processes: int, containers: int) -> int:
    return processes * _MIB_A_PROCESS + containers * _MIB_A_CONTAINER


def _most(processes: int, containers: int) -> int:
    return processes * _HEAP_A_PROCESS + containers * _HEAP_A_CONTAINER


def _seconds(processes: int, containers: int, heaps: int) -> float:
    """Estimate how long the evaluation takes."""
    is_enough = _most(processes, containers) <= heaps
    a_container = _SECONDS_A_CONTAINER if is_enough else _SECONDS_A_CONTAINER_COLLECTED
    most = -(-containers // processes)
    return _SECONDS_A_PROCESS + most * a_container + (_SECONDS_TO_JOIN if processes > 1 else 0)


def _heap(containers: int, share: float) -> int | None:
    heap = int(_most(1, containers) * share)
    return heap if heap > _HEAP_OF_NIX else None
