"""The containers that markers of tests declare: known before the first test runs, so that one build makes them all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.plugin import dataclass
from extra_container_pytest.prepared import Prepared

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

    def __init__(self, service: Service, module: Path, wanted: Sequence[Wanted | None]) -> None:
        self._service, self._base = service, module.parent
        known = [one for one in wanted if one is not None]
        # What tests take over from each other begins with the first one's; the others' are changes of it.
        several = [one for one in known if not one.reuse] + [one for one in known if one.reuse][:1]
        self._prepared = Prepared(service, module, {_key(one): one.definition for one in several})
        self._groups: dict[str, Group] = {}
        self._reused: Group | None = None
        self._failed: list[Group] = []

    def bring(self, wanted: Wanted) -> Group:
        """Return the running machines that a test wants."""
        self._destroy_failed()
        again = wanted.reuse and self._reused is not None
        group = self._reused if again and self._reused else self._new(wanted)
        try:
            if again:
                # Also where the definition is the same: a test may have changed or stopped what it got.
                group.update(wanted.definition)
            else:
                group.start_all()
        except BaseException:
            self._failed.append(group)  # the test's report is still to show it
            self._reused = None if again else self._reused
            raise
        if wanted.reuse:
            self._reused = group
        else:
            self._groups[wanted.key] = group
        return group

    def take_back(self, wanted: Wanted, *, failed: bool) -> None:
        """Destroy what a test has used, unless another one may go on with it."""
        if wanted.reuse and not failed:
            return
        if wanted.reuse:
            group, self._reused = self._reused, None
        else:
            group = self._groups.pop(wanted.key, None)
        if group is not None:
            self._service.destroy(group)

    def close(self) -> None:
        """Destroy what is left."""
        for group in [*self._groups.values(), *([self._reused] if self._reused else [])]:
            self._service.destroy(group)
        self._groups, self._reused = {}, None
        self._destroy_failed()
        self._prepared.close()

    def _new(self, wanted: Wanted) -> Group:
        return self._prepared.take(_key(wanted)) or self._service.create(wanted.definition, base=self._base)

    def _destroy_failed(self) -> None:
        while self._failed:
            self._service.destroy(self._failed.pop())


def _key(wanted: Wanted) -> str:
    return f"reused {wanted.key}" if wanted.reuse else wanted.key
