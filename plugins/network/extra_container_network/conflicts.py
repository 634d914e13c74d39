"""Addresses that two containers would share.

Two containers on links of their own cannot have the same local address: the host has one route to it. Behind one
bridge they would answer for each other. On different bridges the same address may mean different networks. Host
addresses may be shared.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from extra_container.plugin import Problem

Settings = Mapping[str, str]

# Of each address family: the keys of both ends in a conf, the option, that for both ends, what stands after a prefix.
_FAMILIES = (
    ("HOST_ADDRESS", "LOCAL_ADDRESS", "localAddress", "extra.addressPrefix", "."),
    ("HOST_ADDRESS6", "LOCAL_ADDRESS6", "localAddress6", "extra.addressPrefix6", "::"),
)


def shared_addresses(built: Mapping[str, Settings], others: Mapping[str, Settings]) -> Iterator[Problem]:
    """Yield a problem for each local address that a built container shares with another one, built or there already.

    Both map names of containers to the assignments of their confs.
    """
    known = {**others, **built}
    for host_key, local_key, option, prefix_option, separator in _FAMILIES:
        for names in _sharing(known, local_key):
            if not names & built.keys():
                continue
            ordered = sorted(names)
            first = known[ordered[0]]
            prefix, _, end = _address(first[local_key]).rpartition(separator)
            whole = end == "2" and all(_ends(known[name], host_key, local_key, prefix, separator) for name in names)
            yield Problem(
                message=f"{_listed(ordered)} use {prefix if whole else _address(first[local_key])}",
                hint=_hint(ordered, built.keys(), prefix_option if whole else option),
            )


def _sharing(known: Mapping[str, Settings], key: str) -> Iterator[set[str]]:
    """Yield the names of containers with the same address on the same kind of link, where there is more than one."""
    users: dict[tuple[str, str], set[str]] = {}
    for name, settings in known.items():
        if settings.get(key):
            users.setdefault((settings.get("HOST_BRIDGE", ""), _address(settings[key])), set()).add(name)
    yield from (names for names in users.values() if len(names) > 1)


def _address(text: str) -> str:
    """Return an address without its mask and in its usual form; a text that is none stays as it is."""
    from ipaddress import ip_address

    address = text.partition("/")[0]
    try:
        return str(ip_address(address))
    except ValueError:
        return address


def _ends(settings: Settings, host_key: str, local_key: str, prefix: str, separator: str) -> bool:
    ends = [_address(settings.get(key, "")) for key in (host_key, local_key)]
    return ends == [f"{prefix}{separator}{number}" for number in (1, 2)]


def _listed(names: Sequence[str]) -> str:
    quantity = "both" if len(names) == 2 else "all"
    return f"{', '.join(names[:-1])} and {names[-1]} {quantity}"


def _hint(names: Sequence[str], built: Collection[str], option: str) -> str:
    ours = [name for name in names if name in built]
    there = [name for name in names if name not in built]
    change = f"Set another {option} for {ours[0] if len(ours) == 1 else 'all but one of them'}"
    # While a definition is built, another command may have taken the subnet that was free.
    again = "" if option.startswith("local") else '; with "auto", create it again'
    return f"{change}, or destroy {' and '.join(there)}{again}." if there else f"{change}."
