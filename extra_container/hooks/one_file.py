"""Plugins of one file, for a trial: as if a package offered them."""

from __future__ import annotations

import importlib.util
import re
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

from extra_container.hooks.entry_points import PLUGINS


class FileEntryPoint(EntryPoint):
    """A plugin that is a file; its name is that of the file without ``.py``."""

    path: Path

    def load(self) -> ModuleType:
        """Import the file. Raises whatever that raises, and :class:`ImportError` if it is none of Python."""
        spec = importlib.util.spec_from_file_location(self.value, self.path)
        if spec is None or spec.loader is None:
            raise ImportError(f"{self.path} is not the name of a Python file")
        module = importlib.util.module_from_spec(spec)
        sys.modules[self.value] = module  # dataclasses look for the module of their class
        spec.loader.exec_module(module)
        return module


def entry_point(path: Path) -> FileEntryPoint:
    """Return the entry point of a file."""
    module = re.sub(r"\W", "_", path.stem)
    found = FileEntryPoint(name=path.stem, value=f"extra_container_file_{module}", group=PLUGINS)
    vars(found)["path"] = path.absolute()
    return found


def path_of(found: EntryPoint) -> Path | None:
    """Return the file that a plugin is, None for one of a package."""
    path: Path | None = getattr(found, "path", None)
    return path
