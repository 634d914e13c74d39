"""What a plugin has of its own in one run: its settings, and a memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType


class Own:
    """The settings and the memory of each plugin, which any of its hooks may take as arguments.

    ``settings`` returns those of a plugin by its name; it is asked when a hook wants them.
    """

    def __init__(self, settings: Callable[[str], Mapping[str, object]] = lambda _plugin: MappingProxyType({})) -> None:
        self._settings = settings
        self._memories: dict[str, dict[str, object]] = {}

    def of(self, plugin: str, wanted: tuple[str, ...]) -> dict[str, object]:
        """Return what a hook that names these arguments gets of them."""
        found: dict[str, object] = {}
        if "settings" in wanted:
            found["settings"] = self._settings(plugin)
        if "memory" in wanted:
            found["memory"] = self._memories.setdefault(plugin, {})
        return found

    def settings_of(self, plugin: str) -> Mapping[str, object]:
        """Return the settings of a plugin."""
        return self._settings(plugin)

    def forgetful(self) -> Own:
        """Return the same settings, with memories of their own."""
        return Own(self._settings)
