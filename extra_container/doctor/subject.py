"""What is examined, and with what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.model import layout

if TYPE_CHECKING:
    from extra_container.model.host import Host
    from extra_container.pipeline.context import Context
    from extra_container.process import Runner


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A machine. ``is_root`` is whether all of it can be looked at.

    ``context`` is what a repair works with, None where no plugin recognises the machine.
    """

    runner: Runner
    context: Context | None
    is_root: bool

    @property
    def host(self) -> Host | None:
        """The host that was recognised."""
        return None if self.context is None else self.context.host

    @property
    def root(self) -> Path:
        """The root of its file system."""
        return Path("/") if self.host is None else self.host.root

    @property
    def gc_roots(self) -> Path:
        """Nix' directory of indirect roots."""
        return layout.GC_ROOTS if self.host is None else self.host.gc_roots

    @property
    def conf_directories(self) -> tuple[Path, ...]:
        """Where containers have their confs, whoever made them."""
        own = None if self.host is None else self.host.conf_directory
        usual = [self.root / directory.relative_to("/") for directory in layout.CONF_DIRECTORIES]
        return tuple(dict.fromkeys([*usual, *(() if own is None else (own,))]))
