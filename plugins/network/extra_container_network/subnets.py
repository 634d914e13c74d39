"""Private IPv4 subnets, and which of them nobody uses.

A network is a pair ``(address, mask)`` of 32-bit numbers. A *prefix* is the first three numbers of a /24, as in
``containers.NAME.extra.addressPrefix``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

Network: TypeAlias = tuple[int, int]

# Two blocks, so that a route to all of one of them (a VPN) leaves the other.
_POOLS = ("10.251", "172.29")
_LIMIT = 256
_MASK_24 = 0xFFFFFF00
_MASK_32 = 0xFFFFFFFF
# A wider route is a kind of default route and says nothing about who uses its addresses.
_WIDEST_MASK = 0xFF000000


def single(address: str) -> Network:
    """Return the network of one address. Text that is not an IPv4 address gives one that overlaps no subnet."""
    numbers = address.split(".")
    if len(numbers) != 4 or not all(number.isdecimal() and int(number) < 256 for number in numbers):
        return (0, _MASK_32)
    return (int.from_bytes(bytes(int(number) for number in numbers)), _MASK_32)


def read_routes(path: Path) -> Sequence[Network]:
    """Return the destinations of the main routing table (proc_net(5)): the second and eighth column, in hexadecimal.

    They are printed as the machine stores network byte order. A host without IPv4 has no such file and no routes.
    """
    try:
        lines = path.read_text(encoding="ascii").splitlines()[1:]
    except FileNotFoundError:
        return ()
    columns = (line.split() for line in lines)
    networks = ((_number(column[1]), _number(column[7])) for column in columns)
    return [(address, mask) for address, mask in networks if mask >= _WIDEST_MASK]


def free_prefixes(used: Iterable[Network]) -> Sequence[str]:
    """Return prefixes, in order, whose subnet overlaps no used network; at most 256."""
    networks = {*used}
    candidates = (f"{pool}.{third}" for pool in _POOLS for third in range(256))
    free = (prefix for prefix in candidates if not any(_overlap(prefix, network) for network in networks))
    return [prefix for _, prefix in zip(range(_LIMIT), free, strict=False)]


def _overlap(prefix: str, network: Network) -> bool:
    address, mask = network
    common = mask & _MASK_24
    return single(f"{prefix}.0")[0] & common == address & common


def _number(column: str) -> int:
    return int.from_bytes(int(column, 16).to_bytes(4, sys.byteorder))
