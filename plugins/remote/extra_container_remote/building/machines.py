"""A definition built for several machines: once for those that it comes to the same for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

from extra_container.plugin import BuildError, BuiltSource, Machine, Request, replace

if TYPE_CHECKING:
    from extra_container.plugin_command import Context

# Builds a request with a context and returns the store path.
Build: TypeAlias = Callable[[Request, "Context"], str]


def build_for(machines: Mapping[str, Machine], request: Request, context: Context, build: Build) -> Mapping[str, str]:
    """Return by machine the store path of what a definition means there. Raises what building raises."""
    if not machines:
        return {}
    if isinstance(request.source, BuiltSource):
        return dict.fromkeys(machines, build(request, context))
    found: dict[str, str] = {}
    for alike in _grouped(machines, lambda machine: (machine.kernel_release, machine.system)):
        groups = list(_grouped(alike, lambda machine: json.dumps(dict(machine.values), sort_keys=True)))
        same = _independent(next(iter(alike.values())), request, context, build) if len(groups) > 1 else None
        for group in groups:
            one = next(iter(group.values()))
            path = build(request, replace(context, machine=one)) if same is None else same
            found |= dict.fromkeys(group, path)
    return found


def _grouped(machines: Mapping[str, Machine], key: Callable[[Machine], object]) -> Iterator[dict[str, Machine]]:
    groups: dict[object, dict[str, Machine]] = {}
    for name, machine in machines.items():
        groups.setdefault(key(machine), {})[name] = machine
    yield from groups.values()


def _independent(machine: Machine, request: Request, context: Context, build: Build) -> str | None:
    """Return what a definition builds that asks nothing of machines, None for one that does, or has a mistake.

    Nix evaluates what is asked for only: a value that is null fails where something of it is wanted.
    """
    silent = replace(machine, values=dict.fromkeys(machine.values))
    try:
        return build(request, replace(context, machine=silent, follow=None))
    except BuildError:
        return None
