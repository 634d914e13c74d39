"""Where generations are kept.

The links are profiles as Nix makes them: ``nix-env --list-generations``, ``nix profile diff-closures`` and
``nix-collect-garbage`` know them. Beside each ``system-N-link`` stand ``unit-N-link`` and ``conf-N-link``; ``system``
leads to the link of the generation that is installed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from extra_container.model.values import RemoveTree

if TYPE_CHECKING:
    from pathlib import Path

    from extra_container.model.host import Host
    from extra_container.model.values import FileOps

SYSTEM, UNIT, CONF = PARTS = ("system", "unit", "conf")
_LINK = re.compile(r"(system|unit|conf)-([1-9][0-9]{0,8})-link")
_TEMPORARY = re.compile(r"\.(system|unit|conf)(-[0-9]+-link)?\.[0-9a-f]{8}\.tmp")


def profiles(host: Host) -> Path:
    """Return the directory of the profiles of all containers: among Nix' own, beside its GC roots."""
    roots = host.gc_roots.parent if host.gc_roots.name == "auto" else host.gc_roots
    return roots.with_name("profiles") / "extra-container"


def profile(name: str, host: Host) -> Path:
    """Return the directory with the links of a container's generations."""
    return profiles(host) / name


def records(host: Host) -> Path:
    """Return the directory of what links cannot say of generations; only root can look into it."""
    return host.state_directory / "generations"


def link_name(part: str, number: int) -> str:
    """Return the name of a generation's link to one of its parts."""
    return f"{part}-{number}-link"


def parse(file_name: str) -> tuple[str, int] | None:
    """Return which part of which generation a link of that name leads to, None if it is another file."""
    match = _LINK.fullmatch(file_name)
    return None if match is None else (match[1], int(match[2]))


def is_temporary(file_name: str) -> bool:
    """Whether a file of that name is what a killed installation leaves of a link."""
    return _TEMPORARY.fullmatch(file_name) is not None


def removal(name: str, host: Host) -> FileOps:
    """Return what removes all that is kept of a container. Pure."""
    return (RemoveTree(path=profile(name, host)), RemoveTree(path=records(host) / name))
