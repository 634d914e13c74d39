"""What runs that were killed left on the host, removed by the next run that changes something."""

from __future__ import annotations

from pathlib import Path

from extra_container.model import events
from extra_container.model.values import Problem, Severity
from extra_container.pipeline.context import Context
from extra_container.state import files, runtime

# Where the build decides, it is one of these (NixOS before 22.05 uses the second).
_CONF_DIRECTORIES = (Path("/etc/nixos-containers"), Path("/etc/containers"))


def sweep(context: Context) -> None:
    """Remove the temporary links and directories of processes that are dead; the caller holds the machine's lock.

    What cannot be removed is told and does not keep the run from its work.
    """
    host = context.host
    confs = _CONF_DIRECTORIES if host.conf_directory is None else (host.conf_directory,)
    wants = host.unit_directory / "machines.target.wants"
    try:
        runtime.sweep(host.gc_roots, home=host.runtime_directory)
        files.sweep((host.unit_directory, wants, *confs, host.gc_roots))
    except OSError as error:
        message = f"What a killed run left cannot be removed: {error.filename}: {error.strerror}"
        context.emit(events.ProblemFound(problem=Problem(message=message, severity=Severity.WARNING)))
