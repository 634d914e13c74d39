"""What network a container has, and its address, as conf and unit say it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from extra_container.model.frozen import dataclass
from extra_container.model.known import address_in

_NETWORK_FLAG = re.compile(r"(-n|--network-[^=]*|--private-network)(=.*)?")
_EXTRA_LINK = re.compile(r"""--network-veth-extra=['\"]?([^\s:'\"\\)]+)""")
_START = re.compile(r"^ExecStart=(/\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A container's network.

    ``address`` is the address that the definition gives, without its mask: IPv4 if there is one, or else IPv6; empty
    without one. ``ways`` say how it came to a network of its own, as ends of a sentence that begins with its name;
    without any it shares the host's.
    """

    address: str
    ways: tuple[str, ...]

    @property
    def is_shared(self) -> bool:
        """Whether the container shares the network of the host."""
        return not self.ways

    @property
    def description(self) -> str:
        """What network it is, as the end of a sentence that begins with the container: "is on the bridge br0"."""
        return _listed(self.ways) if self.ways else "shares the network of the host"

    @property
    def lack(self) -> str:
        """What to say where :attr:`address` is needed and empty, after "the container NAME"."""
        if self.is_shared:
            return "has no address of its own"
        return f"has no address that its definition names: it {self.description}"


def network_of(settings: Mapping[str, str], unit_text: str = "") -> Network:
    """Return a container's network from the assignments of its conf and the text of its unit.

    ``extraVeths`` are in the unit's start script only, so without the text, or where the script cannot be read, they
    are not known. Sources: ``nixos/modules/virtualisation/nixos-containers.nix`` of nixpkgs, systemd-nspawn(1).
    """
    return Network(address=address_in(settings), ways=tuple(_ways(settings, unit_text)))


def _ways(settings: Mapping[str, str], unit_text: str) -> Iterator[str]:
    bridge = settings.get("HOST_BRIDGE", "")
    if bridge:
        yield f"is on the bridge {bridge}"
    elif settings.get("PRIVATE_NETWORK") == "1":
        yield "has a private network"
    namespace = settings.get("NETWORK_NAMESPACE_PATH", "")
    if namespace:
        yield f"is in the network namespace {namespace}"
    interfaces = settings.get("INTERFACES", "").split()
    if interfaces:
        yield f"has {_counted('interface', interfaces)} {_listed(interfaces)} of the host"
    parents = settings.get("MACVLANS", "").split()
    if parents:
        yield f"has {_counted('MACVLAN', parents)} of {_listed(parents)}"
    links = _extra_links(unit_text)
    if links:
        yield f"has {_counted('link', links)} {_listed(links)}"
    flags = [flag for flag in settings.get("EXTRA_NSPAWN_FLAGS", "").split() if _NETWORK_FLAG.fullmatch(flag)]
    if flags:
        yield f"has a network by {_listed(flags)}"


def _extra_links(unit_text: str) -> list[str]:
    start = _START.search(unit_text)
    if start is None:
        return []
    try:
        script = Path(start[1]).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []  # an old build that was collected
    return _EXTRA_LINK.findall(script)


def _counted(noun: str, names: list[str]) -> str:
    return f"the {noun}{'s' if len(names) > 1 else ''}"


def _listed(words: tuple[str, ...] | list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
