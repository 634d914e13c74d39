"""Groups that are installed before a test asks for them: one build for all processes of a run, under a lock.

Each is for one test; which process runs that is nobody's business before it comes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container_pytest.errors import ContainersError

if TYPE_CHECKING:
    from extra_container_pytest.definitions import Definition
    from extra_container_pytest.group import Group
    from extra_container_pytest.service import Installed, Service


class Prepared:
    """The groups of one module's tests. ``wanted`` are their definitions, by what :meth:`take` asks for them."""

    def __init__(self, service: Service, module: Path, wanted: Mapping[str, Definition]) -> None:
        self._service, self._base, self._wanted = service, module.parent, wanted
        self._name = f"module-{hashlib.sha256(str(module).encode()).hexdigest()[:16]}"

    def take(self, key: str) -> Group | None:
        """Return a group that nobody else gets, not started; None if it was taken, or they cannot be built together."""
        if len(self._wanted) < 2:
            return None
        self._service.open()
        with self._service.registry.exclusively(self._name) as file:
            slots = json.loads(file.read_text() or "null")
            if slots is None:
                slots = self._install()
            slot = slots.pop(key, None)
            file.write_text(json.dumps(slots))
        return None if slot is None else self._service.adopt(slot, self._wanted[key], self._base)

    def close(self) -> None:
        """Destroy those that nobody took, unless other processes of the run may still do so."""
        if self._service.shares or not self._service.registry.is_joined:
            return
        with self._service.registry.exclusively(self._name) as file:
            for key, slot in json.loads(file.read_text() or "{}").items():
                self._service.destroy(self._service.adopt(slot, self._wanted[key], self._base))
            file.write_text("")

    def _install(self) -> dict[str, Installed]:
        """Build and install all; return where they are, which is nowhere if one is wrong: only its test is to fail."""
        try:
            return self._service.install(self._wanted, self._base)
        except (ContainersError, ValueError):
            return {}
