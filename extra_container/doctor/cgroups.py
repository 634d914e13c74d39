"""Control groups: which controllers there are, and whether limits of a unit really reach the kernel."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from extra_container.doctor.subject import Subject
from extra_container.model.diagnosis import Finding, Findings, Verdict
from extra_container.model.errors import ProcessError
from extra_container.trees.mounts import read_mounts

# By controller, what a unit sets and in which files the kernel then has it, those of version 2 first. Sources:
# systemd.resource-control(5), and the kernel's admin-guide/cgroup-v2.rst and cgroup-v1.
_LIMITS = {
    "memory": ("MemoryMax=64M", ("memory.max", "memory.limit_in_bytes"), "67108864"),
    "pids": ("TasksMax=77", ("pids.max",), "77"),
    "cpu": ("CPUQuota=50%", ("cpu.max", "cpu.cfs_quota_us"), "50000"),
}
_SECONDS = 20.0

# Runs in a unit of its own and tells what the kernel has of its limits.
_TELL = """
import json, pathlib, sys
told = {}
for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines():
    _, names, group = line.split(":", 2)
    for point, options in json.loads(sys.argv[1]):
        # Version 2 has no names, and its mounts have none of these options.
        if set(names.split(",")) - {""} <= set(options) and bool(names) == bool(options):
            for name in json.loads(sys.argv[2]):
                file = pathlib.Path(point, group.lstrip("/"), name)
                if file.is_file():
                    told[name] = file.read_text().split()[0]
print(json.dumps(told))
"""


def controllers(subject: Subject) -> Findings:
    """Let systemd start a unit with limits for a moment, and read what the kernel has of them.

    Where that cannot be done, what the kernel offers is all there is to see.
    """
    if not (subject.root / "run/systemd/system").is_dir():
        return (_without_systemd(),)
    if not subject.is_root:
        return (Finding(verdict=Verdict.UNSEEN, found="only root can try whether limits are enforced"),)
    try:
        told = _limits_of_a_unit(subject)
    except ProcessError as error:
        reason = error.stderr.strip().splitlines()[-1:] or [error.message]
        return (Finding(verdict=Verdict.UNSEEN, found=f"no unit could be started to look: {reason[0]}"),)
    return (verdict(told),)


def verdict(told: Mapping[str, str]) -> Finding:
    """Tell what it means that the kernel has these limits of the unit that was started, by file. Pure."""
    lacking = [
        name for name, (_, files, wanted) in _LIMITS.items() if not any(told.get(file) == wanted for file in files)
    ]
    if not lacking:
        return Finding(verdict=Verdict.OK, found=f"limits of {', '.join(_LIMITS)} are enforced")
    settings = ", ".join(_LIMITS[name][0].partition("=")[0] for name in lacking)
    return Finding(
        verdict=Verdict.WARNING,
        found=f"limits of {', '.join(lacking)} do not reach the kernel",
        meaning=f"What a container's unit says has no effect: {settings}.",
        remedy="Boot with the unified hierarchy (systemd.unified_cgroup_hierarchy=1, no cgroup_disable=); "
        "where this host is a container itself, its own host has to delegate these controllers.",
    )


def _limits_of_a_unit(subject: Subject) -> Mapping[str, str]:
    settings = [word for setting, _, _ in _LIMITS.values() for word in ("-p", setting)]
    files = [file for _, names, _ in _LIMITS.values() for file in names]
    words = [sys.executable, "-I", "-c", _TELL, json.dumps(_hierarchies()), json.dumps(files)]
    argv = ["systemd-run", "--quiet", "--wait", "--pipe", "--collect", *settings, "--", *words]
    done = subject.runner.run(argv, timeout=_SECONDS)
    told: dict[str, str] = json.loads(done.stdout)
    return told


def _hierarchies() -> list[tuple[str, list[str]]]:
    """Return the mount points, each with the names of its hierarchy that /proc/PID/cgroup has: none for version 2."""
    return [
        (str(mount.point), [] if mount.kind == "cgroup2" else sorted(mount.options))
        for mount in read_mounts()
        if mount.kind in {"cgroup", "cgroup2"}
    ]


def _without_systemd() -> Finding:
    mounted = [mount.point for mount in read_mounts() if mount.kind in {"cgroup", "cgroup2"}]
    if not mounted:
        return Finding(
            verdict=Verdict.ERROR,
            found="no control groups are mounted",
            meaning="systemd-nspawn needs them.",
            remedy="Mount them: mount -t cgroup2 none /sys/fs/cgroup",
        )
    return Finding(
        verdict=Verdict.NOTE,
        found=f"mounted at {', '.join(map(str, _tops(mounted)))}; nothing sets limits without systemd",
        meaning="What a definition asks of limits has no effect.",
    )


def _tops(points: list[Path]) -> list[Path]:
    """Return the points that are not listed one by one: a hierarchy of each controller has the same parent."""
    return sorted({point.parent if point.parent.name == "cgroup" else point for point in points})
