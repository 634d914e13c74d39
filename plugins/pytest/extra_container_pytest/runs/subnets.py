"""Private subnets for tests, apart from those that ``extra.addressPrefix = "auto"`` takes."""

from __future__ import annotations

import ipaddress
from pathlib import Path

# Two blocks, so that a route to all of one of them (a VPN) leaves the other.
POOLS = ("10.252", "172.28")
# A wider route is a kind of default route and says nothing about who uses its addresses.
_WIDEST = 8


def is_free(prefix: str, *, routes: Path = Path("/proc/net/route")) -> bool:
    """Whether no route of this machine leads into a /24, given as its first three bytes."""
    wanted = ipaddress.ip_network(f"{prefix}.0/24")
    return not any(wanted.overlaps(network) for network in _destinations(routes))


def _destinations(routes: Path) -> list[ipaddress.IPv4Network]:
    """Return the destinations of the main routing table (proc_net(5)): second and eighth column, in host byte order."""
    try:
        lines = routes.read_text(encoding="ascii").splitlines()[1:]
    except FileNotFoundError:
        return []
    columns = (line.split() for line in lines)
    networks = (ipaddress.IPv4Network((_address(column[1]), _length(column[7]))) for column in columns)
    return [network for network in networks if network.prefixlen >= _WIDEST]


def _address(column: str) -> bytes:
    return bytes.fromhex(column)[::-1]


def _length(column: str) -> int:
    return int.from_bytes(_address(column)).bit_count()
