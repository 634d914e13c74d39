"""What the machine can take: how many containers boot at once, and whether the kernel's limits allow them at all.

Sources: inotify(7), cgroups(7), and of proc(5) the pages on sys_fs, sys_kernel, key-users, loadavg and meminfo.
"""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.model.frozen import dataclass

if TYPE_CHECKING:
    from extra_container.model.values import Problems

# More at once make no boot faster. Measured on 2 cores with containers of the host base, docs/scale.md has the figures.
# Beyond the upper bound they wait for what is one a machine: systemd, machined, the journal.
_BOOTS_A_CORE = 4
_MOST_BOOTS = 32

# What each container takes at the least, measured with containers of the host base and systemd 257: its systemd has
# three inotify instances, beside it run nspawn and journald. The key ring of the unit's processes is systemd's
# KeyringMode=private.
_INSTANCES, _WATCHES, _PROCESSES, _FILES, _KEYS, _MIB = 3, 5, 3, 60, 2, 15

# Raised together with the limit, so that the next container does not meet it again.
_RESERVE = 1.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One of the kernel's limits, and what is left of it.

    ``what`` are the things that are counted, of which a container takes at least ``per_container``. ``left`` is how
    many may still be made, or as many as the containers that were asked about need, where there are more. ``setting``
    is the sysctl that sets the limit ``total``, ``None`` where nothing does.
    """

    what: str
    per_container: int
    left: int
    total: int
    setting: str | None = None

    def lacks(self, containers: int) -> bool:
        """Whether not all of that many containers can run."""
        return self.left < self.per_container * containers

    def wanted(self, containers: int) -> int:
        """Return a value of the setting with which they can."""
        needed = self.total - self.left + self.per_container * containers
        return 1 << (int(needed * _RESERVE) - 1).bit_length()


def boots_at_once() -> int:
    """Return how many containers may boot, shut down or switch at once: some a core, and never very many."""
    return min(_BOOTS_A_CORE * len(os.sched_getaffinity(0)), _MOST_BOOTS)


def limit_problems(containers: int, limits: Iterable[Limit]) -> Problems:
    """Tell which limits keep that many containers from starting, and what to set. Pure.

    Limits that are set are an error, since some containers could not boot; memory is estimated, and a warning.
    """
    from extra_container.model.values import Problem, Severity

    lacking = [limit for limit in limits if limit.lacks(containers)]
    settings = {limit.setting: limit.wanted(containers) for limit in lacking if limit.setting is not None}
    problems = []
    if hard := [limit for limit in lacking if limit.setting is not None]:
        assignments = " ".join(f"{name}={value}" for name, value in settings.items())
        hint = (
            f"Run `sysctl -w {assignments}` (inside a container: on the machine that runs it) and try again; "
            "a file in /etc/sysctl.d, or boot.kernel.sysctl of NixOS, keeps it."
        )
        problems.append(Problem(message=_sentence(containers, hard), hint=hint))
    if soft := [limit for limit in lacking if limit.setting is None]:
        problems.append(Problem(message=_sentence(containers, soft), severity=Severity.WARNING))
    return tuple(problems)


def _sentence(containers: int, lacking: Iterable[Limit]) -> str:
    who = "1 more container needs" if containers == 1 else f"{containers} more containers need"
    shortages = []
    for limit in lacking:
        source = f" of {limit.setting}={limit.total}" if limit.setting else ""
        shortages.append(f"at least {limit.per_container * containers} {limit.what}, and {limit.left} are left{source}")
    return f"{who} {'; '.join(shortages)}"


def read_limits(containers: int, *, root: Path = Path("/")) -> tuple[Limit, ...]:
    """Return what is left of each limit on this machine, for that many containers; what cannot be read is left out."""
    sysctl = root / "proc/sys"
    readers = (
        _inotify_instances(containers, sysctl),
        _inotify_watches(sysctl),
        _processes(root),
        _processes_of_the_group(root),
        _files(sysctl),
        _keys(root),
        _memory(root),
    )
    return tuple(limit for reader in readers for limit in reader)


def _inotify_instances(containers: int, sysctl: Path) -> Iterator[Limit]:
    total = _number(sysctl / "fs/inotify/max_user_instances")
    if total is not None:
        wanted = _INSTANCES * containers
        left = wanted if wanted == 0 else _room_for_instances(wanted)
        if left is not None:
            yield Limit(
                what="inotify instances",
                per_container=_INSTANCES,
                left=left,
                total=total,
                setting="fs.inotify.max_user_instances",
            )


def _room_for_instances(wanted: int) -> int | None:
    """Return how many inotify instances the kernel gives, up to ``wanted``; they are given back at once.

    It counts them for each user, those of other containers and PID namespaces included, and says the count nowhere.
    ``None`` if this process may not open as many files.
    """
    import ctypes

    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limits[1], limits[1]))
    libc = ctypes.CDLL(None, use_errno=True)
    made: list[int] = []
    try:
        while len(made) < wanted:
            descriptor = libc.inotify_init1(os.O_CLOEXEC)
            if descriptor < 0:
                return len(made) if ctypes.get_errno() == errno.EMFILE and _can_open() else None
            made.append(descriptor)
    finally:
        for descriptor in made:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    return wanted


def _can_open() -> bool:
    """Whether this process may still open a file: the error for its own limit is the same as for inotify's."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
    except OSError:
        return False
    return True


def _inotify_watches(sysctl: Path) -> Iterator[Limit]:
    # How many are in use is told nowhere, and containers take few: a total that is too small is what can be seen.
    total = _number(sysctl / "fs/inotify/max_user_watches")
    if total is not None:
        yield Limit(
            what="inotify watches",
            per_container=_WATCHES,
            left=total,
            total=total,
            setting="fs.inotify.max_user_watches",
        )


def _processes(root: Path) -> Iterator[Limit]:
    running = int((root / "proc/loadavg").read_text().split()[3].partition("/")[2])
    for setting in ("kernel.pid_max", "kernel.threads-max"):
        total = _number(root / "proc/sys" / setting.replace(".", "/"))
        if total is not None:
            yield Limit(
                what="processes", per_container=_PROCESSES, left=max(total - running, 0), total=total, setting=setting
            )


def _processes_of_the_group(root: Path) -> Iterator[Limit]:
    """Read the limit of the control group that this machine is in, if it is a container itself."""
    # The places of version 2 and of version 1.
    for group in (root / "sys/fs/cgroup", root / "sys/fs/cgroup/pids"):
        total, running = _number(group / "pids.max"), _number(group / "pids.current")
        if total is not None and running is not None:
            yield Limit(
                what="processes in the control group of this machine (pids.max)",
                per_container=_PROCESSES,
                left=max(total - running, 0),
                total=total,
            )


def _files(sysctl: Path) -> Iterator[Limit]:
    used, _, total = map(int, (sysctl / "fs/file-nr").read_text().split())
    yield Limit(what="open files", per_container=_FILES, left=max(total - used, 0), total=total, setting="fs.file-max")


def _keys(root: Path) -> Iterator[Limit]:
    """Root's keys; in a user namespace the kernel gives it the limit of all other users."""
    try:
        lines = (root / "proc/key-users").read_text().splitlines()
    except FileNotFoundError:  # a kernel without keys
        return
    for line in lines:
        user, *fields = line.split()
        if user == "0:":
            used, total = map(int, fields[2].split("/"))
            as_root = total == _number(root / "proc/sys/kernel/keys/root_maxkeys")
            setting = "kernel.keys.root_maxkeys" if as_root else "kernel.keys.maxkeys"
            yield Limit(
                what="kernel keys", per_container=_KEYS, left=max(total - used, 0), total=total, setting=setting
            )


def _memory(root: Path) -> Iterator[Limit]:
    lines = (root / "proc/meminfo").read_text().splitlines()
    kib = {key: int(rest.split()[0]) for key, _, rest in (line.partition(":") for line in lines)}
    left = kib.get("MemAvailable", 0) + kib.get("SwapFree", 0)
    yield Limit(what="MiB of memory", per_container=_MIB, left=left // 1024, total=kib["MemTotal"] // 1024)


def _number(path: Path) -> int | None:
    try:
        text = path.read_text().strip()
    except FileNotFoundError:
        return None
    return int(text) if text.isdecimal() else None  # `max` is no limit
