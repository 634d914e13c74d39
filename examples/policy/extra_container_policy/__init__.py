"""A policy: no container gets ``/etc`` of the host, or whatever ``refused`` of the plugin's settings lists.

It looks at what is about to be installed, so that it holds for finished builds, too, and whatever module set the bind.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from extra_container.plugin import BuildResult, Problem, ProblemKind, Problems, hookimpl

ec_requires_api = 2

_REFUSED = ("/etc",)


@hookimpl
def ec_check_build(result: BuildResult, settings: Mapping[str, object]) -> Problems:
    """Refuse each bind of a directory that containers must not have."""
    refused = [Path(str(place)) for place in _listed(settings)]
    return tuple(
        Problem(
            message=f"The container {container.name} binds {bind.host}, and no container may have {place} of this host",
            hint="Bind a directory of its own, or ask who administrates this host.",
            kind=ProblemKind.POLICY,
        )
        for container in result.containers
        for bind in container.binds
        for place in refused
        if holds(bind.host, place)
    )


def holds(source: str, place: Path) -> bool:
    """Return whether a bind's source is in a place, or has it inside. Links are followed, as systemd-nspawn does."""
    bound = Path(os.path.realpath(source))
    return bound.is_relative_to(place) or place.is_relative_to(bound)


def _listed(settings: Mapping[str, object]) -> Iterator[object]:
    refused = settings.get("refused", _REFUSED)
    yield from refused if isinstance(refused, list | tuple) else [refused]
