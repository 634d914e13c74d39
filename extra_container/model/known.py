"""What unit and conf of a container say of it: where its data is, its address, what of the host it has."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from extra_container.model import layout
from extra_container.model.frozen import dataclass

_BINDS: Mapping[str, bool] = MappingProxyType({"--bind": False, "--bind-ro": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class Bind:
    """A file or directory of the host that a container has at a place of its own.

    ``options`` are those of systemd-nspawn(1), ``--bind=``; empty without any.
    """

    host: str
    container: str
    read_only: bool
    options: str = ""


class KnownContainer:
    """What is known of a container by its unit and conf, whether it runs or not."""

    __slots__ = ()

    if TYPE_CHECKING:

        @property
        def name(self) -> str:
            """The container's name."""

        @property
        def settings(self) -> Mapping[str, str]:
            """The assignments of its conf."""

        @property
        def root(self) -> Path:
            """The directory that is its ``/``."""

    @property
    def unit_name(self) -> str:
        """The name of its unit, as systemctl takes it."""
        return layout.unit_name(self.name)

    @property
    def state_directory(self) -> Path:
        """The directory with its data, which is its ``/``."""
        return self.root

    @property
    def address(self) -> str:
        """The address that its definition gives, without mask: IPv4 if there is one, else IPv6; empty without one."""
        return address_in(self.settings)

    @property
    def binds(self) -> tuple[Bind, ...]:
        """What of the host its definition binds into it."""
        return binds_in(self.settings)


class KnownBuild(KnownContainer):
    """What is known of a container that was built."""

    __slots__ = ()

    if TYPE_CHECKING:

        @property
        def unit(self) -> Path:
            """The file of its unit."""

    @property
    def auto_start(self) -> bool:
        """Whether the host starts the container when it boots."""
        return self.settings.get("AUTO_START") == "1"

    @property
    def masked(self) -> bool:
        """Whether the build disables the unit (``enable = false`` makes it a link to ``/dev/null``)."""
        return self.unit == Path("/dev/null")


def address_in(settings: Mapping[str, str]) -> str:
    """Return the address that the assignments of a conf give a container, without its mask; empty without one."""
    return (settings.get("LOCAL_ADDRESS") or settings.get("LOCAL_ADDRESS6") or "").partition("/")[0]


def binds_in(settings: Mapping[str, str]) -> tuple[Bind, ...]:
    """Return what the assignments of a conf bind into a container; the unit splits the flags at blanks."""
    found = []
    for word in settings.get("EXTRA_NSPAWN_FLAGS", "").split():
        flag, _, value = word.partition("=")
        if flag in _BINDS:
            parts = [part.replace("\0", ":") for part in value.replace("\\:", "\0").split(":")]
            host, inside, options = (*parts, "", "")[:3]
            found.append(Bind(host=host, container=inside or host, read_only=_BINDS[flag], options=options))
    return tuple(found)
