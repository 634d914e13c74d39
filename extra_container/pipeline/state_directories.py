"""The directories that containers' own directories stand in are closed to other users: containers keep set-uid files.

The start script of a unit makes a missing one with mode 0755, and so did the bash tool.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from extra_container.model import events, layout
from extra_container.model.plans import InstallPlan
from extra_container.model.values import Problem, Severity
from extra_container.pipeline.context import Context

_OTHERS = 0o007
_CLOSED = 0o700


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
    try:
        mode = stat.S_IMODE(directory.stat().st_mode)
    except OSError:
        return None  # it is not there, or what is there in its place is told by those who need a directory
    if not mode & _OTHERS or _is_shared(directory):
        return None
    target = directory.resolve()
    open_to_all = f"Every user can enter {target} (mode {mode:04o}), and run set-uid programs of containers"
    hint = f"If it is for containers alone: chmod {_CLOSED:04o} {target}"
    if directory.is_symlink():
        return Problem(message=open_to_all, hint=hint, severity=Severity.WARNING)
    try:
        _close(directory)
    except OSError as error:
        return Problem(message=f"{open_to_all}: {error.strerror}", hint=hint, severity=Severity.WARNING)
    return Problem(
        message=f"Every user could enter {directory} (mode {mode:04o}), and run set-uid programs of containers; "
        f"its mode was set to {_CLOSED:04o}",
        severity=Severity.WARNING,
    )


def _close(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fchmod(descriptor, _CLOSED)
    finally:
        os.close(descriptor)


def _is_shared(directory: Path) -> bool:
    # Before NixOS 22.05 containers shared /var/lib/containers with podman, whose images other users may read.
    return (directory / "storage").is_dir()
