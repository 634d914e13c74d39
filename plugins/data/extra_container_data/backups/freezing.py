"""Containers whose processes stand still for a while, and go on whatever becomes of the process that holds them.

Source: ``cgroup.freeze`` and ``cgroup.events`` in the kernel's Documentation/admin-guide/cgroup-v2.rst.
"""

from __future__ import annotations

import os
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from extra_container.plugin import ContainerError, HostError, Runner, layout, proc, read_mounts

_SECONDS = 30.0
_INIT_SCOPE = "/init.scope"


@contextmanager
def frozen(name: str, init: proc.Process, runner: Runner) -> Iterator[None]:
    """Stop all processes of a container in the block. ``init`` is its PID 1.

    If this process is killed, another one lets them go on. Raises :class:`.HostError` where the kernel cannot do that,
    and :class:`.ContainerError` if they do not stop, or the container ends meanwhile.
    """
    group = _group(name, init)
    switch = group / "cgroup.freeze"
    with runner.afterwards(["sh", "-c", 'echo 0 > "$0"', os.fspath(switch)]):
        try:
            try:
                switch.write_text("1", encoding="ascii")
                _wait(name, group / "cgroup.events")
            except OSError as error:
                if init.alive():
                    raise
                raise _ended(name) from error
            yield
        finally:
            with suppress(OSError):  # it has ended
                switch.write_text("0", encoding="ascii")
    if not init.alive():
        raise _ended(name)


def _ended(name: str) -> ContainerError:
    return ContainerError(f"The container {name} has ended meanwhile")


def _group(name: str, init: proc.Process) -> Path:
    """Return the directory of the cgroup that has all of a container's processes, and no others."""
    path = proc.cgroups(init.pid).get("", "").removesuffix(_INIT_SCOPE)
    if layout.unit_name(name) in path.split("/"):
        for mount in read_mounts():
            seen = os.fspath(mount.root).rstrip("/")
            if mount.kind == "cgroup2" and path.startswith(f"{seen}/"):
                group = mount.point / path.removeprefix(f"{seen}/")
                if os.access(group / "cgroup.freeze", os.W_OK):
                    return group
    raise HostError(
        f"The container {name} cannot be frozen on this host: its cgroup cannot",
        hint="With --stop, it is shut down and started again instead.",
    )


def _wait(name: str, events: Path) -> None:
    deadline = time.monotonic() + _SECONDS
    with events.open("rb") as file:
        poll = select.poll()
        poll.register(file, select.POLLPRI)
        while b"frozen 1" not in os.pread(file.fileno(), 4096, 0).splitlines():
            left = deadline - time.monotonic()
            if left <= 0:
                raise ContainerError(
                    f"The processes of {name} could not be frozen within {_SECONDS:g} s",
                    hint="With --stop, it is shut down and started again instead.",
                )
            poll.poll(left * 1000)
