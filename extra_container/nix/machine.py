"""What the machine has for evaluating: cores, and memory that a process can have without harm to others."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path("/")
_NO_OVERCOMMIT = "2"


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def available_mib(root: Path = _ROOT) -> int:
    """Return how much memory programs can have without swapping, in MiB; 0 if that is not known.

    That is what the machine has, or the control group of this process if that is less. Sources: proc_meminfo(5),
    proc_sys_vm(5), and the kernel's admin-guide/cgroup-v2.rst.
    """
    kib = _meminfo(root)
    left = [kib.get("MemAvailable", 0) * 1024, *_of_groups(root)]
    if _text(root / "proc/sys/vm/overcommit_memory").strip() == _NO_OVERCOMMIT:
        left.append((kib.get("CommitLimit", 0) - kib.get("Committed_AS", 0)) * 1024)
    return max(0, min(left)) // (1024 * 1024)


def limits_address_space() -> bool:
    """Whether a process may not reserve memory as it likes; then Nix would not even start with a large heap."""
    limits = (resource.RLIMIT_AS, resource.RLIMIT_DATA)
    return any(resource.getrlimit(limit)[0] != resource.RLIM_INFINITY for limit in limits)


def _meminfo(root: Path) -> dict[str, int]:
    fields = (line.split() for line in _text(root / "proc/meminfo").splitlines())
    return {words[0].rstrip(":"): int(words[1]) for words in fields if len(words) > 1}


def _of_groups(root: Path) -> Iterator[int]:
    """Yield how many bytes are left to the control group of this process and to those above it that have a limit."""
    line = next((line for line in _text(root / "proc/self/cgroup").splitlines() if line.startswith("0::/")), None)
    if line is None:
        return
    top = root / "sys/fs/cgroup"
    group = top / line.removeprefix("0::/")
    while group.is_relative_to(top):
        limit = _text(group / "memory.max").strip()
        if limit.isdecimal():
            # What it holds of files is given back when something else needs the memory.
            counts = (line.split() for line in _text(group / "memory.stat").splitlines())
            files = sum(int(count) for name, count in counts if name in {"active_file", "inactive_file"})
            yield int(limit) - int(_text(group / "memory.current").strip() or limit) + files
        group = group.parent


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
