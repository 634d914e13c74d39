"""What a file is, apart from where it stands and what is in it."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Protocol

from extra_container.plugin import dataclass

NO_ATTRIBUTES: Mapping[str, bytes] = MappingProxyType({})
CAPABILITIES = "security.capability"
# With the others, the host's own security modules would decide by what a container says, and overlays by what another
# overlay had. POSIX ACLs are attributes, too.
_KEPT = (CAPABILITIES, "system.posix_acl_access", "system.posix_acl_default")
_KEPT_SPACES = ("user.",)
# What lets whoever starts a program become its owner.
SET_ID = stat.S_ISUID | stat.S_ISGID


class Kind(Enum):
    """The types of files."""

    FILE = "file"
    DIRECTORY = "directory"
    LINK = "symbolic link"
    PIPE = "named pipe"
    DEVICE = "device"
    SOCKET = "socket"


_KINDS = {
    stat.S_IFREG: Kind.FILE,
    stat.S_IFDIR: Kind.DIRECTORY,
    stat.S_IFLNK: Kind.LINK,
    stat.S_IFIFO: Kind.PIPE,
    stat.S_IFCHR: Kind.DEVICE,
    stat.S_IFBLK: Kind.DEVICE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file of a tree. ``names`` leads to it from the tree's top, which has none.

    Names are as :func:`os.fsdecode` gives them. ``target`` is where a symbolic link leads; ``same_as`` is the file
    of the tree, given before, of which this is another name. ``modified`` is in nanoseconds since the epoch.
    """

    names: tuple[str, ...]
    kind: Kind
    mode: int
    owner: int
    group: int
    modified: int
    attributes: Mapping[str, bytes]
    target: str = ""
    same_as: tuple[str, ...] | None = None

    @property
    def path(self) -> str:
        """The path from the tree's top."""
        return "/".join(self.names)


class Content(Protocol):
    """What is in a file."""

    def write_to(self, target: int) -> None:
        """Write it to an open empty file, with the same holes. Raises OSError."""
        ...


def kind_of(mode: int) -> Kind:
    """Return the type that a mode says."""
    return _KINDS.get(stat.S_IFMT(mode), Kind.SOCKET)


def attributes_of(path: str) -> Mapping[str, bytes]:
    """Return those attributes of a file that are kept. Raises OSError."""
    try:
        names = os.listxattr(path)
    except OSError as error:
        if error.errno == errno.EOPNOTSUPP:
            return NO_ATTRIBUTES
        raise
    return {name: os.getxattr(path, name) for name in names if is_kept(name)}


def is_kept(attribute: str) -> bool:
    """Whether an extended attribute belongs to a file wherever it stands."""
    return attribute in _KEPT or attribute.startswith(_KEPT_SPACES)
