"""Modules that offer names of others, and import each when it is asked for."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType


def offer(
    module: str, places: Mapping[str, str], modules: Mapping[str, str] = MappingProxyType({})
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` of a module (PEP 562).

    ``places`` has names by the modules below ``extra_container`` that they stand in; ``NAME=OTHER`` is one that is
    called ``OTHER`` there. ``modules`` are offered as a whole, by their names here.
    """
    known = {
        public: (place, own or public)
        for place, names in places.items()
        for public, _, own in (entry.partition("=") for entry in names.split())
    }

    def get(name: str) -> object:
        """Import a name when it is asked for: all commands load all plugins, and few need all that these can use."""
        if name in modules:
            return importlib.import_module(f"extra_container.{modules[name]}")
        if name not in known:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        place, own = known[name]
        return getattr(importlib.import_module(f"extra_container.{place}"), own)

    def names() -> list[str]:
        """Return the public names, and what every module has; nothing is imported."""
        there = vars(sys.modules[module])
        # pydoc asks through inspect, which takes each name, and then describes every class at length: `help` of a
        # module would be thousands of lines, of which its own text, with all the names, is a page.
        asker = sys._getframe(1).f_globals.get("__name__")
        if asker == "inspect":
            return [*there]
        return [*there["__all__"], *(name for name in there if name.startswith("__"))]

    return get, names
