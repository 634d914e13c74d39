"""Names of options: as the module system of nixpkgs prints them, and as the user writes them.

What a container's own system has, nixpkgs calls ``containers.NAME.OPTION``; the user wrote it below
``containers.NAME.config``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Set as AbstractSet
from typing import TypeAlias

OptionPath: TypeAlias = tuple[str, ...]

_PART = re.compile(r'"((?:[^"\\]|\\.)*)"|([^."]+)')
_PLAIN = re.compile(r"[a-zA-Z_][a-zA-Z0-9_'-]*|<[^>]*>|\*")
# Names of list items and the like, which are no attributes.
_NO_ATTRIBUTE = re.compile(r"\[.*|\*|<.*>")

# Options of `containers.NAME` itself, in any release. Source: nixos/modules/virtualisation/nixos-containers.nix.
_OF_A_CONTAINER = frozenset(
    [
        "additionalCapabilities",
        "allowedDevices",
        "autoStart",
        "bindMounts",
        "config",
        "enableTun",
        "ephemeral",
        "extra",
        "extraFlags",
        "extraVeths",
        "flake",
        "forwardPorts",
        "hostAddress",
        "hostAddress6",
        "hostBridge",
        "interfaces",
        "localAddress",
        "localAddress6",
        "localMacAddress",
        "macvlans",
        "networkNamespace",
        "nixpkgs",
        "path",
        "pkgs",
        "privateNetwork",
        "privateUsers",
        "restartIfChanged",
        "specialArgs",
        "timeoutStartSec",
        "tmpfs",
    ]
)
# The one name that a system has, too.
_OF_BOTH = "nixpkgs"
# What asks a container for its system.
_ENTRANCES = ("config", "path")


def parse(name: str) -> OptionPath:
    """Return the names that a printed option consists of."""
    return tuple(
        re.sub(r"\\(.)", r"\1", match[1]) if match[1] is not None else match[2] for match in _PART.finditer(name)
    )


def shown(path: OptionPath) -> str:
    """Return an option's name as Nix text."""
    return ".".join(part if _PLAIN.fullmatch(part) else json.dumps(part, ensure_ascii=False) for part in path)


def attributes(path: OptionPath) -> OptionPath:
    """Return as much of an option's name as a definition can have as attributes."""
    for number, part in enumerate(path):
        if _NO_ATTRIBUTE.fullmatch(part):
            return path[:number]
    return path


def container_of(path: OptionPath) -> str | None:
    """Return the container that an option belongs to."""
    return path[1] if len(path) > 1 and path[0] == "containers" else None


def is_container(path: OptionPath | None) -> bool:
    """Whether an option is a whole container."""
    return path is not None and len(path) == 2 and path[0] == "containers"


def is_entrance(path: OptionPath) -> bool:
    """Whether an option of a container has its system for a value."""
    return len(path) == 3 and path[0] == "containers" and path[2] in _ENTRANCES


def is_inside(path: OptionPath) -> bool:
    """Whether an option, as the user writes it, belongs to a container's own system."""
    return len(path) > 3 and path[0] == "containers" and path[2] == "config"


def as_written(path: OptionPath, entered: AbstractSet[str]) -> OptionPath:
    """Return an option's name as the user writes it; ``entered`` are the containers whose systems were evaluated."""
    container = container_of(path)
    if container not in entered or len(path) < 3:
        return path
    is_of_container = path[2] in _OF_A_CONTAINER and not (path[2] == _OF_BOTH and len(path) > 3)
    return path if is_of_container else (*path[:2], "config", *path[2:])
