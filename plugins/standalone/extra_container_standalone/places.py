"""Where a standalone host keeps things."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from extra_container.plugin import layout


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The directories of a standalone host: unit links, conf links, and one state directory a container."""

    units: Path
    confs: Path
    states: Path

    @classmethod
    def below(cls, root: Path) -> Places:
        """Return the places of the machine whose file system starts at ``root``."""
        base = root / "run/extra-container"
        return cls(units=base / "units", confs=base / "conf", states=base / "standalone")

    def unit(self, name: str) -> Path:
        """Return the container's unit link."""
        return self.units / layout.unit_name(name)

    def directory(self, name: str) -> Path:
        """Return the container's state directory."""
        return self.states / name

    def record(self, name: str) -> Path:
        """Return the file with the state that the supervisor writes."""
        return self.directory(name) / "state.json"

    def started_unit(self, name: str) -> Path:
        """Return the copy of the unit that the container was started with."""
        return self.directory(name) / "unit"

    def log(self, name: str) -> Path:
        """Return the file with all that container and supervisor wrote since the last start."""
        return self.directory(name) / "log"
