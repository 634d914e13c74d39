"""What the system has run out of, and what a person can do about it."""

from __future__ import annotations

import errno
from types import MappingProxyType

from extra_container.model.errors import HostError
from extra_container.model.plain import one_line

_HINTS = MappingProxyType(
    {
        errno.EAGAIN: "No more processes are allowed: see `ulimit -u`, /proc/sys/kernel/pid_max, and the limit of the "
        "service or container that this runs in (TasksMax).",
        errno.EMFILE: "No more open files are allowed to this process: raise `ulimit -n`.",
        errno.ENFILE: "No more open files are allowed on this host: see /proc/sys/fs/file-max.",
        errno.ENOMEM: "The memory is used up: see `free -m`.",
        errno.ENOSPC: "Make room: `df -h` and `df -i` show which file system is full.",
        errno.EDQUOT: "Make room: the quota is used up.",
    }
)


def hint_for(error: OSError) -> str | None:
    """Return what to do about an error that tells of something used up, None for any other."""
    return _HINTS.get(error.errno or 0)


def as_error(error: BaseException) -> HostError | None:
    """Return what to tell of an error by which something is used up, None for any other."""
    match error:
        case OSError(strerror=str(reason)) if hint := hint_for(error):
            named = f"{one_line(error.filename)}: " if isinstance(error.filename, str) else ""
            return HostError(f"{named}{reason}", hint=hint)
        case RuntimeError() if str(error) == "can't start new thread":
            return HostError("No new thread can be started", hint=_HINTS[errno.EAGAIN])
    return None
