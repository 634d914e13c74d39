"""The directories that containers' own directories stand in are closed to other users: containers keep set-uid files.

The start script of a unit makes a missing one with mode 0755, and so did the bash tool.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from extra_container.model import events, layout
from extra_container.model.frozen import replace
from extra_container.model.plans import InstallPlan
from extra_container.model.values import Problem, Severity
from extra_container.pipeline.context import Context

_OTHERS = 0o007
CLOSED = 0o700


def close_to_others(plan: InstallPlan, context: Context) -> None:
    """Close the state directories of the containers of a plan that every user can enter, and say so.

    Any other directory that a unit names is left as it is, and so is what a link leads to: it need not be for
    containers alone.
    """
    used = dict.fromkeys(item.container.root.parent for item in plan.items)
    for directory in used:
        if directory in layout.STATE_DIRECTORIES:
            problem = closed(directory)
            if problem is not None:
                context.emit(events.ProblemFound(problem=problem))


def closed(directory: Path) -> Problem | None:
    """Close one directory; return what is to be told, None if it was closed or is not there."""
    open_to_all = exposed(directory)
    if open_to_all is None or directory.is_symlink():
        return open_to_all
    mode = stat.S_IMODE(directory.stat().st_mode)
    try:
        close(directory)
    except OSError as error:
        return replace(open_to_all, message=f"{open_to_all.message}: {error.strerror}")
    return Problem(
        message=f"Every user could enter {directory} (mode {mode:04o}), and run set-uid programs of containers; "
        f"its mode was set to {CLOSED:04o}",
        severity=Severity.WARNING,
    )


def exposed(directory: Path) -> Problem | None:
    """Return what is to be told of a directory that every user can enter, None for any other."""
    try:
        mode = stat.S_IMODE(directory.stat().st_mode)
    except OSError:
        return None  # it is not there, or what is there in its place is told by those who need a directory
    if not mode & _OTHERS or _is_shared(directory):
        return None
    target = directory.resolve()
    return Problem(
        message=f"Every user can enter {target} (mode {mode:04o}), and run set-uid programs of containers",
        hint=f"If it is for containers alone: chmod {CLOSED:04o} {target}",
        severity=Severity.WARNING,
    )


def close(directory: Path) -> None:
    """Close a directory to other users, if it is no link. Raises OSError."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fchmod(descriptor, CLOSED)
    finally:
        os.close(descriptor)


def _is_shared(directory: Path) -> bool:
    # Before NixOS 22.05 containers shared /var/lib/containers with podman, whose images other users may read.
    return (directory / "storage").is_dir()
