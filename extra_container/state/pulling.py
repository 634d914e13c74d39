"""The directories whose links make systemd start a unit along with another one; systemd.unit(5)."""

from __future__ import annotations

from pathlib import Path

_KINDS = ("wants", "requires", "upholds")


def directories(unit_directory: Path) -> list[Path]:
    """Return the directories ``UNIT.wants``, ``UNIT.requires`` and ``UNIT.upholds`` of a unit directory."""
    return [place for kind in _KINDS for place in unit_directory.glob(f"*.{kind}")]


def of_unit(unit_directory: Path, unit: str) -> tuple[str, ...]:
    """Return the names of those with a link to ``unit``, sorted."""
    return tuple(sorted(place.name for place in directories(unit_directory) if (place / unit).is_symlink()))
