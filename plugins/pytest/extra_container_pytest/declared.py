"""The containers that markers of tests declare: known before the first test runs, so that one build makes them all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.plugin import dataclass

if TYPE_CHECKING:
    import pytest

    from extra_container_pytest.definitions import Definition
    from extra_container_pytest.group import Group
    from extra_container_pytest.service import Service

MARKER = "containers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a test declares. ``reuse``: it takes over containers of other tests with ``reuse``, and updates them."""

    definition: Definition
    reuse: bool

    @property
    def key(self) -> str:
        """What tests with the same containers have in common."""
        if isinstance(self.definition, Mapping):
            return json.dumps(self.definition, sort_keys=True, default=str)
        return str(self.definition)


def declared_by(node: pytest.Item) -> Wanted | None:
    """Return what a test's nearest marker declares, None if it has none. Raises TypeError for one that is wrong."""
    marker = node.get_closest_marker(MARKER)
    if marker is None:
        return None
    if len(marker.args) != 1 or set(marker.kwargs) - {"reuse"}:
        raise TypeError(f"{node.nodeid}: the marker is @pytest.mark.{MARKER}(DEFINITION, reuse=False)")
    return Wanted(definition=marker.args[0], reuse=bool(marker.kwargs.get("reuse", False)))


class Declared:
    """The groups of one module. All are built at the first test that wants one, and destroyed after the last."""

    def __init__(self, service: Service, base: Path, wanted: Sequence[Wanted | None]) -> None:
        self._service, self._base = service, base
        self._wanted = {one.key: one for one in wanted if one is not None and not one.reuse}
        self._groups: dict[str, Group] | None = None
        self._reused: Group | None = None
        self._reused_key: str | None = None

    def bring(self, wanted: Wanted) -> Group:
        """Return the running machines that a test wants."""
        return self._bring_reused(wanted) if wanted.reuse else self._bring_fresh(wanted)

    def take_back(self, wanted: Wanted, *, failed: bool) -> None:
        """Destroy what a test has used, unless another one may go on with it."""
        if wanted.reuse and not failed:
            return
        if wanted.reuse:
            group, self._reused = self._reused, None
        else:
            group = None if self._groups is None else self._groups.pop(wanted.key, None)
        if group is not None:
            self._service.destroy(group)

    def close(self) -> None:
        """Destroy what is left."""
        for group in [*(self._groups or {}).values(), *([self._reused] if self._reused else [])]:
            self._service.destroy(group)
        self._groups, self._reused = {}, None

    def _bring_fresh(self, wanted: Wanted) -> Group:
        if self._groups is None:
            several = list(self._wanted.values())
            sources = [self._service.source(one.definition, self._base) for one in several]
            groups = self._service.install(sources, self._base)
            self._groups = {one.key: group for one, group in zip(several, groups, strict=True)}
        if wanted.key not in self._groups:  # another test has used and destroyed them
            self._groups[wanted.key] = self._service.create(wanted.definition, base=self._base)
        group = self._groups[wanted.key]
        group.start_all()
        return group

    def _bring_reused(self, wanted: Wanted) -> Group:
        if self._reused is None:
            self._reused = self._service.create(wanted.definition, base=self._base)
        else:
            # Also where the definition is the same: a test may have changed or stopped what it got.
            self._reused.update(wanted.definition)
        return self._reused
