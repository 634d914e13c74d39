"""What is known of a machine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from extra_container.plugin import Machine, dataclass

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Nix:
    """Nix of a machine: its version, empty where it does not work, and whether it takes unsigned store paths.

    ``trusted`` is about who asked. ``keys`` are the names of the keys whose signatures it takes.
    """

    version: str = ""
    trusted: bool = False
    keys: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """A plugin of a machine; ``state`` is ``loaded``, ``disabled`` or ``broken``."""

    name: str
    package: str
    version: str
    state: str
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a machine says of itself: ``user`` is who asked, ``commands`` are the program's that can be called there.

    ``system`` and ``values`` are as in :class:`.Machine`. ``root`` is whether who asks becomes root without being asked
    anything; None if that is decided elsewhere, as by the forced command of an SSH key.
    """

    version: str
    user: str
    kernel: str = ""
    nix: Nix = Nix()
    commands: frozenset[str] = frozenset()
    plugins: tuple[Plugin, ...] = ()
    system: str = ""
    values: Mapping[str, Any] = _NOTHING
    root: bool | None = None

    @property
    def machine(self) -> Machine:
        """What an evaluation has to know of it."""
        return Machine(kernel_release=self.kernel, system=self.system, values=self.values)


def numbers(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, to compare it with others."""
    return tuple(map(int, re.findall(r"\d+", version)))
