"""How many processes evaluate the containers of one definition: it is most of a build, and uses one core a process."""

from __future__ import annotations

import os
from pathlib import Path

# What Nix needs for the package set, and for each container's own system. Measured with Nix 2.8 and NixOS 26.11, the
# largest tried: 834 MiB for one container, 1099 for two, 1813 for four, 3120 for eight.
_MIB_A_PROCESS = 500
_MIB_A_CONTAINER = 330
# What the machine's other work may need meanwhile.
_SHARE_OF_MEMORY = 0.7


def plan_parts(names: tuple[str, ...], *, cores: int, available_mib: int) -> tuple[tuple[str, ...], ...]:
    """Divide containers among processes: at most one a core, and as many as the memory is enough for. Pure."""
    parts = max(1, min(cores, len(names)))
    while parts > 1:
        needed = parts * _MIB_A_PROCESS + len(names) * _MIB_A_CONTAINER
        if needed <= available_mib * _SHARE_OF_MEMORY:
            break
        parts -= 1
    return tuple(names[start::parts] for start in range(parts))


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def available_mib(meminfo: Path = Path("/proc/meminfo")) -> int:
    """Return how much memory programs can have without swapping, in MiB. Source: proc_meminfo(5), MemAvailable."""
    for line in meminfo.read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) // 1024
    return 0
