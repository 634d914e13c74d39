"""Network options of containers: ``containers.NAME.extra.{addressPrefix,enableWAN,exposeLocalhost,…}``.

The options are NixOS modules in ``nix/`` and work without this package. What it adds needs the machine that gets the
container: the choice of a subnet for ``addressPrefix = "auto"``, and the refusal of addresses that are taken.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.plugin import hookimpl, layout

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from extra_container.plugin import BuildInputs, BuildResult, Checks, Host, Problems, Runner

_ROUTES = Path("/proc/net/route")


@hookimpl
def ec_build_inputs(host: Host) -> BuildInputs:
    """Contribute the modules, the subnets that are free here, and those that installed containers have."""
    from extra_container.plugin import BuildInputs
    from extra_container_network.confs import addresses, assigned_prefixes, installed_confs
    from extra_container_network.subnets import free_prefixes, read_routes, single

    ours = installed_confs(host.gc_roots)
    taken = [single(address) for _, conf in (*ours.items(), *_declared(host)) for address in addresses(conf)]
    return BuildInputs(
        modules=(Path(__file__).parent / "nix" / "module.nix",),
        values={
            "network": {
                "assigned": {**assigned_prefixes(ours)},
                "free": [*free_prefixes([*taken, *read_routes(_ROUTES)])],
            }
        },
        of_machine=frozenset({"network"}),
    )


@hookimpl
def ec_check_build(result: BuildResult, host: Host) -> Problems:
    """Find addresses that containers of the build share with each other or with containers that are there already."""
    from extra_container.plugin import parse_environment_file
    from extra_container_network.conflicts import shared_addresses
    from extra_container_network.confs import installed_confs

    built = {container.name: container.settings for container in result.containers}
    ours = installed_confs(host.gc_roots)
    there = {**dict(_declared(host, ours)), **ours}
    others = {name: parse_environment_file(conf) for name, conf in there.items() if name not in built}
    return tuple(shared_addresses(built, others))


@hookimpl
def ec_doctor_checks(runner: Runner, host: Host | None) -> Checks:
    """Have private networks, forwarding, firewalls and names looked at."""
    from extra_container_network import host_checks

    return host_checks.checks(runner, host, is_root=os.geteuid() == 0)


def _declared(host: Host, known: Collection[str] = ()) -> Iterator[tuple[str, str]]:
    """Yield name and conf of every container that the host knows, whoever made it, but for those that are ``known``."""
    from extra_container_network.confs import read_confs

    directories = {*layout.CONF_DIRECTORIES, *([host.conf_directory] if host.conf_directory else [])}
    for directory in sorted(directories):
        yield from read_confs(directory, known).items()
