"""What installed packages offer to the program: plugins and commands. Read once, for that means a file a package."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass
from importlib.metadata import EntryPoint

PLUGINS = "extra_container.plugins.v1"
COMMANDS = "extra_container.commands"
# The one package whose plugins and commands belong to the program.
FIRST_PARTY = "extra-container"
_PLUGINS_OF_ANY_VERSION = "extra_container.plugins.v"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """Entry points; ``plugins`` are also those for versions of the plugin API that this program does not have."""

    commands: tuple[EntryPoint, ...]
    plugins: tuple[EntryPoint, ...]


def read() -> Offers:
    """Return what the packages that can be imported offer. Nothing is imported."""
    found = importlib.metadata.entry_points()
    versions = sorted(group for group in found.groups if group.startswith(_PLUGINS_OF_ANY_VERSION))
    return Offers(
        commands=tuple(found.select(group=COMMANDS)),
        plugins=tuple(entry_point for group in versions for entry_point in found.select(group=group)),
    )


def api_version(entry_point: EntryPoint) -> str:
    """Return the version of the plugin API that a plugin is written for."""
    return entry_point.group.removeprefix(_PLUGINS_OF_ANY_VERSION)
