"""What a container's system says of its health check, read from the store.

The file is made by ``extra.healthCheck`` and ``extra.rollbackOnFailure``; a system that somebody else built may bring
it as well.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from extra_container.json_text import loads
from extra_container.model import layout
from extra_container.model.frozen import dataclass
from extra_container.state import text_file

_FILE = "etc/extra-container/health.json"
# A link in a running container may lead anywhere; only what is in the store was built.
_SYSTEM = re.compile(re.escape(str(layout.STORE)) + r"/[0-9a-z]{32}-[A-Za-z0-9+._?=-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """How the health of a container is checked.

    ``program`` is a program of the store that checks it once, to be run inside as ``PROGRAM check``, and as
    ``PROGRAM probe`` by who waits for its first success; None if there is no check. ``interval``, ``timeout`` and
    ``start_period`` are seconds. ``retries`` checks in a row fail until the container is unhealthy.
    ``rollback`` is whether the definition asks for going back to what was healthy.
    """

    program: str | None = None
    interval: int = 30
    timeout: int = 30
    start_period: int = 0
    retries: int = 3
    rollback: bool = False


def read(system: Path | str | None) -> HealthCheck | None:
    """Return what a system in the store says, None if it says nothing that can be understood."""
    if system is None or not _SYSTEM.fullmatch(str(system)):
        return None
    path = Path(system) / _FILE
    if not os.path.exists(path):  # noqa: PTH110 -- of most systems that is all, and a fraction of the other look
        return None
    try:
        return read_file(path) if path.resolve().is_relative_to(layout.STORE) else None
    except (OSError, RuntimeError):  # links in a circle, until Python 3.13
        return None


def read_file(path: Path) -> HealthCheck | None:
    """Return what the file of a system says, None if it says nothing that can be understood."""
    try:
        return _check(loads(text_file.read(path)))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _check(found: dict[str, object]) -> HealthCheck:
    rollback, program = bool(found.get("rollbackOnFailure")), found.get("program")
    if program is None:
        return HealthCheck(rollback=rollback)
    if not isinstance(program, str) or not program.startswith(f"{layout.STORE}/"):
        raise ValueError(program)
    interval, timeout, retries = (_number(found[key], least=1) for key in ("interval", "timeout", "retries"))
    return HealthCheck(
        program=program,
        interval=interval,
        timeout=timeout,
        start_period=_number(found["startPeriod"], least=0),
        retries=retries,
        rollback=rollback,
    )


def _number(value: object, *, least: int) -> int:
    if type(value) is not int or value < least:
        raise ValueError(value)
    return value
