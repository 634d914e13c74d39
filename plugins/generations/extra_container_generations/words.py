"""What is told of a generation in a word or two. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from extra_container.plugin import Change, Difference, Place
from extra_container.plugin_command import Generation

_SYSTEM = "SYSTEM_PATH"
# What assignments of confs are about. Source: nixos/modules/virtualisation/nixos-containers.nix of nixpkgs.
_ABOUT = MappingProxyType(
    {
        _SYSTEM: "system",
        "FLAKE": "flake",
        "PRIVATE_NETWORK": "network",
        "NETWORK_NAMESPACE_PATH": "network",
        "HOST_BRIDGE": "network",
        "HOST_ADDRESS": "network",
        "HOST_ADDRESS6": "network",
        "LOCAL_ADDRESS": "network",
        "LOCAL_ADDRESS6": "network",
        "INTERFACES": "network",
        "MACVLANS": "network",
        "HOST_PORT": "ports",
        "PRIVATE_USERS": "users",
        "AUTO_START": "autostart",
        "EXTRA_NSPAWN_FLAGS": "flags",
    }
)
_PLACES = MappingProxyType({Place.UNIT: "unit", Place.TRIGGER: "triggers", Place.LINK: "place"})


def changed(one: Generation) -> tuple[str, ...]:
    """Return what changed with a generation; nothing where nobody knows."""
    if one.change is Change.NEW:
        return ("new",)
    found = dict.fromkeys(word for difference in one.differences for word in _words(difference))
    if not found and one.change is Change.SYSTEM:
        return ("system",)
    return tuple(sorted(found, key=lambda word: (word != "system", word)))


def _words(difference: Difference) -> Iterator[str]:
    if difference.place is Place.CONF:
        key = (difference.after or difference.before or "").partition("=")[0]
        yield _ABOUT.get(key, key)
    else:
        yield _PLACES[difference.place]
