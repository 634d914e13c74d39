"""Everything that is known of one container, as values of JSON."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from extra_container import proc
from extra_container.inspection.cgroup import Cgroups
from extra_container.model import layout
from extra_container.model.host import describe
from extra_container.model.known import binds_in
from extra_container.model.values import BaseKind, BuiltSource, FileSource
from extra_container.provenance import records
from extra_container.state import installed
from extra_container.state.addresses import network_of

if TYPE_CHECKING:
    from extra_container.model.values import InstalledContainer
    from extra_container.pipeline.context import Context
    from extra_container.provenance.values import Provenance

# Directives of a unit that limit what its processes take; systemd.resource-control(5).
_LIMITING = ("CPU", "Memory", "Tasks", "IO", "AllowedCPUs", "AllowedMemoryNodes", "StartupCPU", "StartupIO")
# From a flag of systemd-nspawn to whether what is bound is read-only; systemd-nspawn(1).
# What `--base` calls it.
_BASES = MappingProxyType({BaseKind.DEFAULT: "auto"})
# From a field of the network to the assignment of a conf that tells it; nixos-containers.nix of nixpkgs.
_NETWORK = {
    "host_address": "HOST_ADDRESS",
    "local_address": "LOCAL_ADDRESS",
    "host_address6": "HOST_ADDRESS6",
    "local_address6": "LOCAL_ADDRESS6",
    "bridge": "HOST_BRIDGE",
    "namespace": "NETWORK_NAMESPACE_PATH",
}
_LISTS = {"ports": "HOST_PORT", "interfaces": "INTERFACES", "macvlans": "MACVLANS"}


def details(name: str, context: Context) -> Mapping[str, object]:
    """Return what :class:`.ContainerStatus` does not tell of a container that exists.

    Of one that somebody else installed it is what the manager and its conf tell. What only root may see is None for
    others.
    """
    from extra_container.pipeline import control

    ours = installed.find(name, context.host.gc_roots)
    known = describe((name,), context.host.manager)[name]
    settings = _foreign_settings(name) if ours is None else ours.settings
    unit_text = "" if ours is None else ours.unit_text
    # A unit that the manager does not hold is described without being read.
    fragment = known.state.fragment or context.host.manager.states((name,))[name].fragment
    return {
        "provenance": None if ours is None else _provenance(records.read(ours, context.host)),
        "system": settings.get("SYSTEM_PATH"),
        "running_system": None if known.leader is None else _running_system(known.leader),
        "root": str(control.root(name, context)),
        "unit": {
            "name": layout.unit_name(name),
            "link": None if ours is None else str(ours.unit_link),
            "file": None if ours is None or ours.unit is None else str(ours.unit),
            "used": None if fragment is None else str(fragment),
            "auto_start": settings.get("AUTO_START") == "1" if ours is None else ours.auto_started,
            "pulled_in_by": [] if ours is None else list(ours.pulled_in_by),
        },
        "conf": _conf(name, ours),
        "gc_roots": [] if ours is None else list(_gc_roots(name, context)),
        "limits": _limits(name, known.leader, unit_text),
        "binds": list(_binds(settings)),
        "network": _network(settings, unit_text, known.leader),
        "private_users": settings.get("PRIVATE_USERS", "no"),
    }


def _foreign_settings(name: str) -> Mapping[str, str]:
    from extra_container.pipeline import control
    from extra_container.state import text_file
    from extra_container.state.environment_file import parse_environment_file

    conf = control.find_conf(name)
    try:
        return {} if conf is None else parse_environment_file(text_file.read(conf, errors="replace"))
    except OSError:
        return {}  # it has just gone, or is not this user's to see


def _provenance(known: Provenance | None) -> Mapping[str, object] | None:
    if known is None:
        return None
    request = known.request
    path = request.source.path if isinstance(request.source, FileSource | BuiltSource) else None
    return {
        "path": None if path is None else str(path),
        "attribute": list(request.attr_path),
        "base": request.base.expression or _BASES.get(request.base.kind, request.base.kind.value),
        "directory": str(known.place.directory),
        "build": str(known.build),
        "time": known.time,
        "set": known.set_name,
        "plugins": list(known.plugins),
    }


def _running_system(leader: int) -> str | None:
    from extra_container.pipeline import inside

    system = inside.current_system(leader)
    return None if system is None else str(system)


def _conf(name: str, ours: InstalledContainer | None) -> Mapping[str, object]:
    from extra_container.pipeline import control

    link = control.find_conf(name) if ours is None else ours.conf_link
    file = None if ours is None else ours.conf
    return {"link": None if link is None else str(link), "file": None if file is None else str(file)}


def _gc_roots(name: str, context: Context) -> Iterator[Mapping[str, object]]:
    """Give the roots that keep a container from garbage collection; ``whole`` is whether one leads to what is there."""
    for root in (layout.gc_root(context.host.gc_roots, name), layout.conf_gc_root(context.host.gc_roots, name)):
        try:
            link = root.readlink()
        except OSError:
            yield {"root": str(root), "link": None, "whole": False}
        else:
            yield {"root": str(root), "link": str(link), "whole": os.path.exists(link)}  # noqa: PTH110 -- follows


def _limits(name: str, leader: int | None, unit_text: str) -> Mapping[str, object]:
    """Return what the unit says, and what the kernel enforces of a container that runs."""
    lines = (line.partition("=") for line in unit_text.splitlines())
    said = {key.strip(): value.strip() for key, _, value in lines if key.strip().startswith(_LIMITING)}
    if leader is None:
        return {"unit": said, "enforced": None, "cgroup": None}
    cgroups, unit = Cgroups(), layout.unit_name(name)
    limits, directory = cgroups.limits(leader, unit), cgroups.directory(leader, unit)
    return {
        "unit": said,
        "enforced": {
            "memory_max": limits.memory_max,
            "memory_high": limits.memory_high,
            "swap_max": limits.swap_max,
            "cpu_max": limits.cpu_max,
            "cpu_weight": limits.cpu_weight,
            "tasks_max": limits.tasks_max,
        },
        "cgroup": None if directory is None else str(directory),
    }


def _binds(settings: Mapping[str, str]) -> Iterator[Mapping[str, object]]:
    """Give what of the host a definition binds into the container."""
    for bind in binds_in(settings):
        yield {
            "host": bind.host,
            "container": bind.container,
            "read_only": bind.read_only,
            "options": bind.options or None,
        }


def _network(settings: Mapping[str, str], unit_text: str, leader: int | None) -> Mapping[str, object]:
    network = network_of(settings, unit_text)
    fields: dict[str, object] = {
        "description": network.description,
        "shared": network.is_shared,
        "addresses": [] if leader is None or network.is_shared else list(proc.addresses(leader)),
    }
    fields |= {field: settings.get(variable) or None for field, variable in _NETWORK.items()}
    return fields | {field: settings.get(variable, "").replace(",", " ").split() for field, variable in _LISTS.items()}
