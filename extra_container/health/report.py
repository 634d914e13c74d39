"""What a running container wrote down of its health.

It is the container's own word: it may be anything, and is read as such.
"""

from __future__ import annotations

import os
import stat
from enum import Enum
from typing import TYPE_CHECKING

from extra_container.health import check as checks
from extra_container.model.frozen import dataclass
from extra_container.model.plain import one_line

if TYPE_CHECKING:
    from extra_container.health.check import HealthCheck
    from extra_container.model.host import Host

_WAY = ("run", "extra-container-health")
_LONGEST = 16 * 1024
_LINES = 20
_LINE = 300


class Word(Enum):
    """What a container's health is called, as by podman."""

    STARTING = "starting"  # no check has succeeded since it started or was updated, and not enough have failed
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a container is by its own check.

    ``failing`` is how many checks in a row have failed, ``output`` what the last one said, made harmless. ``time`` is
    when that was, in seconds since the epoch; None if there was none.
    """

    word: Word
    failing: int = 0
    time: int | None = None
    output: tuple[str, ...] = ()


def health_check(name: str, leader: int, host: Host) -> HealthCheck | None:
    """Return the check of a running container whose PID 1 is ``leader``, None if it has none."""
    from extra_container.state import installed

    ours = installed.read(host.gc_roots).get(name)
    return check_of(leader, None if ours is None else ours.settings.get("SYSTEM_PATH"))


def check_of(leader: int, installed: str | None) -> HealthCheck | None:
    """Return the check of a running container, by its PID 1; ``installed`` is the system of its conf."""
    systems = dict.fromkeys((_running_system(leader), installed))
    return next((found for system in systems if (found := checks.read(system)) is not None), None)


def read(leader: int, installed: str | None) -> Health | None:
    """Return how a running container is, None if it has no check, or none that this user may see.

    ``installed`` is the system of its conf.
    """
    return read_of(leader, check_of(leader, installed))


def read_of(leader: int, found: HealthCheck | None) -> Health | None:
    """Return how a running container with that check is, None if that is none, or not for this user to see."""
    if found is None or found.program is None:
        return None
    try:
        text = _file(leader)
    except PermissionError:
        return None
    except OSError:
        return Health(word=Word.STARTING)  # it was not checked, or something stands in the way
    return parse(text, _running_system(leader))


def parse(text: str, system: str | None) -> Health:
    """Return what a text says of a system; what cannot be understood is the same as none. Pure."""
    head, _, output = text.partition("\n\n")
    fields = dict(line.partition("=")[::2] for line in head.splitlines())
    if system is not None and fields.get("system") != system:
        return Health(word=Word.STARTING)  # it is of the system before an update
    try:
        word, failing, time = Word(fields["status"]), int(fields["failing"]), int(fields["time"])
    except (KeyError, ValueError):
        return Health(word=Word.STARTING)
    lines = tuple(one_line(line)[:_LINE] for line in output.splitlines() if line.strip())[-_LINES:]
    return Health(word=word, failing=failing, time=time, output=lines)


def _running_system(leader: int) -> str | None:
    try:
        return os.readlink(f"/proc/{leader}/root/run/current-system")  # noqa: PTH115 -- a word, not a path to follow
    except OSError:
        return None


def _file(leader: int) -> str:
    """Return the text of the file, on a way without links: a container can make them lead to any file of the host."""
    directory = os.open(f"/proc/{leader}/root", os.O_RDONLY | os.O_DIRECTORY)
    try:
        for name in _WAY:
            inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=directory)
            os.close(directory)
            directory = inner
        file = os.open("state", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=directory)
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise FileNotFoundError
            return os.read(file, _LONGEST).decode(errors="replace")
        finally:
            os.close(file)
    finally:
        os.close(directory)
