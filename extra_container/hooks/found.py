"""What is known of the plugins that were found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extra_container.hooks.blame import way_out
from extra_container.model.errors import PluginError
from extra_container.model.frozen import dataclass

if TYPE_CHECKING:
    import pluggy


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginInfo:
    """A plugin that was found: its name, the package that brought it, and the module that it is."""

    name: str
    package: str
    version: str
    first_party: bool
    module: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({f'{self.package} {self.version}'.rstrip()})"


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginFailure:
    """A plugin that cannot be used; ``stage`` is where it went wrong: ``discover``, ``import`` or ``register``."""

    plugin: PluginInfo
    stage: str
    error: BaseException

    @property
    def reason(self) -> str:
        """The error in one line."""
        return " ".join(str(self.error).split())

    def as_error(self) -> PluginError:
        """Return the error that names plugin, package, version and the way to go on."""
        return PluginError(
            f"The plugin {self.plugin} cannot be used ({self.stage}): {self.reason}",
            hint=way_out(self.plugin.package if self.stage == "discover" else self.plugin.name),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedPlugins:
    """The manager with every usable plugin registered, in the order in which their hooks are called.

    ``unknown`` are the names that were to be disabled and that nothing has.
    """

    manager: pluggy.PluginManager
    plugins: tuple[PluginInfo, ...]
    disabled: tuple[PluginInfo, ...]
    failures: tuple[PluginFailure, ...]
    unknown: tuple[str, ...] = ()

    @property
    def known(self) -> tuple[str, ...]:
        """The names of all plugins that were found, sorted."""
        found = {*self.plugins, *self.disabled, *(failure.plugin for failure in self.failures)}
        return tuple(sorted({plugin.name for plugin in found}))
