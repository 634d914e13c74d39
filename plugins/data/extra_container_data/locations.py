"""Where a container keeps things, and where what is to take their place stands. Pure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.plugin import layout

if TYPE_CHECKING:
    from extra_container.plugin import Host, InstalledContainer


def places_of(container: InstalledContainer, host: Host) -> tuple[Path, ...]:
    """Return the directories that a container keeps things in: its own first, then those of what it builds."""
    return (
        container.root,
        *(host.root / place.relative_to("/") / container.name for place in layout.PER_CONTAINER),
    )


def staged(place: Path) -> Path:
    """Return where what is to take a directory's place stands while no lock is held, so that it is not aside."""
    return place.with_name(f".{place.name}.staged")


def between(place: Path) -> Path:
    """Return where a directory stands that changes places with another one in more than one step."""
    return place.with_name(f".{place.name}.between")
