"""The hosts file: names of machines, in groups."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from extra_container.plugin import UsageError, dataclass

VARIABLE = "EXTRA_CONTAINER_HOSTS"
_SYSTEM = Path("/etc/extra-container/hosts.toml")
# What ssh(1) takes as destination; a word that begins with a dash would be one of its options.
_NAME = re.compile(r"(?:[^@\s\0-][^@\s\0]*@)?[^@\s\0/-][^@\s\0/]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """What a hosts file says; ``path`` is None where there is none."""

    path: Path | None
    groups: Mapping[str, tuple[str, ...]]


def read(environment: Mapping[str, str]) -> Hosts:
    """Return the first of the hosts files: the environment's, the user's, the machine's.

    Raises :class:`.UsageError` for one that cannot be read or says something else.
    """
    for path in _places(environment):
        if os.path.exists(path):  # noqa: PTH110 -- pathlib's raises where the caller may not look
            return Hosts(path=path, groups=_groups(path))
    return Hosts(path=None, groups={})


def members(wanted: str, hosts: Hosts) -> tuple[str, ...]:
    """Return the machines of ``@GROUP``, or of all groups those whose names fit a pattern as in fnmatch(3).

    Raises :class:`.UsageError` where there are none.
    """
    known = f"Groups of {hosts.path}: {', '.join(sorted(hosts.groups)) or 'none'}."
    if hosts.path is None:
        known = f'There is no hosts file: {_SYSTEM} can be one, with [groups] and lines like web = ["root@web1"].'
    if wanted.startswith("@"):
        if wanted[1:] not in hosts.groups:
            raise UsageError(f"There is no group {wanted}", hint=known)
        return hosts.groups[wanted[1:]]
    everybody = dict.fromkeys(name for group in hosts.groups.values() for name in group)
    found = tuple(name for name in everybody if fnmatchcase(name, wanted) or fnmatchcase(_bare(name), wanted))
    if not found:
        raise UsageError(f"No machine fits {wanted!r}", hint=known)
    return found


def require_name(target: str) -> None:
    """Raise :class:`.UsageError` for what is no destination of ssh(1)."""
    if not _NAME.fullmatch(target):
        raise UsageError(f"{target!r} is no machine", hint="Machines are named like web1 or root@web1.example.org.")


def _bare(name: str) -> str:
    return name.rpartition("@")[2]


def _places(environment: Mapping[str, str]) -> tuple[Path, ...]:
    if environment.get(VARIABLE):
        return (Path(environment[VARIABLE]),)
    home = environment.get("XDG_CONFIG_HOME") or f"{environment.get('HOME', '/root')}/.config"
    return (Path(home) / "extra-container/hosts.toml", _SYSTEM)


def _groups(path: Path) -> Mapping[str, tuple[str, ...]]:
    import tomllib

    try:
        groups = tomllib.loads(path.read_text(encoding="utf-8")).get("groups", {})
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"The hosts file {path} cannot be read: {error}") from error
    if not isinstance(groups, dict):
        raise UsageError(f"The hosts file {path} has groups that are no table")
    for group, names in groups.items():
        if not isinstance(names, list) or not all(isinstance(name, str) and _NAME.fullmatch(name) for name in names):
            raise UsageError(f"The hosts file {path}: the group {group} is no list of machines")
    return {group: tuple(names) for group, names in groups.items()}
