"""What installed packages offer to the program: plugins and commands. Read once, for that means a file a package."""

from __future__ import annotations

import importlib.metadata
from importlib.metadata import EntryPoint

from extra_container.model.frozen import dataclass

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


def is_ours(entry_point: object) -> bool:
    """Whether a command or plugin belongs to the program itself."""
    return package_name(entry_point) == FIRST_PARTY


def package_name(entry_point: object) -> str:
    """Return the name of the package that an entry point comes from, empty if that is not known.

    What cliff itself adds only looks like an entry point, and comes from no package.
    """
    distribution = getattr(entry_point, "dist", None)
    return "" if distribution is None else str(distribution.name)


def package(entry_point: object) -> str:
    """Return name and version of the package that brings a plugin or command."""
    distribution = getattr(entry_point, "dist", None)
    return "an unknown package" if distribution is None else f"{distribution.name} {distribution.version}"
