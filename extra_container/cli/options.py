"""The options that stand before the command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extra_container.model.frozen import dataclass

if TYPE_CHECKING:
    import argparse
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options that stand before the command. ``log_format`` is ``text``, ``json`` or None where none was given."""

    verbose: bool = False
    quiet: bool = False
    debug: bool = False
    log_format: str | None = None
    log_file: Path | None = None
    log_journal: bool = False
    host: str | None = None
    disabled_plugins: tuple[str, ...] = ()
    plugin_files: tuple[Path, ...] = ()

    @classmethod
    def of(cls, parsed: argparse.Namespace) -> Options:
        """Return the options that were read; those that an error kept from being read are as if not given."""
        return cls(
            verbose=getattr(parsed, "verbose", False),
            quiet=getattr(parsed, "quiet", False),
            debug=getattr(parsed, "debug", False),
            log_format=getattr(parsed, "log_format", None),
            log_file=getattr(parsed, "log_file", None),
            log_journal=getattr(parsed, "log_journal", False),
            host=getattr(parsed, "host", None),
            disabled_plugins=tuple(getattr(parsed, "disable_plugin", ())),
            plugin_files=tuple(getattr(parsed, "plugin", ())),
        )
