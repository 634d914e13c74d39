"""Where files are copied from and to: a path of the host, or one of a container, which its links never leave."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from extra_container.plugin import ContainerError, Host, UsageError, dataclass, proc
from extra_container.plugin_command import Context, check_names, state_directory
from extra_container_data.kernel import Resolve, open_at

_INSIDE = Resolve.IN_ROOT | Resolve.NO_MAGICLINKS
_DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
# A container with users of its own has 65536 of them, from a multiple of that on; see --private-users in
# systemd-nspawn(1).
_USERS = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A path as it was given; ``container`` is None for one of the host."""

    container: str | None
    path: str

    def __str__(self) -> str:
        """As people write it."""
        return self.path if self.container is None else f"{self.container}:{self.path}"


def parse(word: str) -> Endpoint:
    """Return what ``NAME:PATH`` or ``PATH`` means; as for scp, what has a slash before the colon is a path. Pure.

    Raises :class:`.UsageError`.
    """
    name, colon, path = word.partition(":")
    if not colon or "/" in name:
        if not word or "\0" in word:
            raise UsageError("The empty word names no file")
        return Endpoint(container=None, path=word)
    check_names((name,))
    if "\0" in path:
        raise UsageError(f"{word!r} names no file")
    return Endpoint(container=name, path=path or "/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One end of a copy, open. ``root`` is the container's ``/``, None for the host.

    ``first_user`` is the host's number of the container's root, for users and groups. ``init`` is the container's PID 1
    if its own view of the files is used.
    """

    endpoint: Endpoint
    root: int | None
    first_user: int = 0
    init: proc.Process | None = None

    def open(self, path: str, flags: int) -> int:
        """Open a path. Links on the way and in the end are followed as the container would. Raises OSError."""
        if self.root is None:
            return os.open(path, flags | os.O_CLOEXEC)
        return open_at(self.root, path, flags, _INSIDE)

    def require_there(self) -> None:
        """Raise :class:`.ContainerError` if the container has ended meanwhile."""
        if self.init is not None and not self.init.alive():
            raise ContainerError(
                f"The container {self.endpoint.container} has ended meanwhile",
                hint="What was copied until then is there.",
            )

    def outside(self, number: int) -> int:
        """Return the host's number of a user or group that has this one here. Raises :class:`.ContainerError`."""
        if not self.first_user:
            return number
        if not 0 <= number < _USERS:
            raise ContainerError(f"The container {self.endpoint.container} has no user or group {number}")
        return self.first_user + number

    def inside(self, number: int) -> int:
        """Return the number that a user or group of the host has here."""
        here = number - self.first_user
        return here if self.first_user and 0 <= here < _USERS else number


@contextmanager
def opened(endpoint: Endpoint, context: Context) -> Iterator[Side]:
    """Give an end of a copy, open.

    Raises :class:`.UsageError` for a container that does not exist, :class:`.ContainerError` for one without files.
    """
    if endpoint.container is None:
        yield Side(endpoint=endpoint, root=None)
        return
    directory = state_directory(endpoint.container, context)
    side = _running(endpoint, context.host) or _resting(endpoint, directory)
    try:
        yield side
    finally:
        if side.root is not None:
            os.close(side.root)


def name_of(path: str) -> str:
    """Return the last name of a path, as a copy of it is called in a directory. Raises :class:`.UsageError`."""
    name = PurePosixPath(path).name
    if name in {"", ".."}:
        raise UsageError(f"{path} has no name that a copy in a directory could have", hint="Name the copy as well.")
    return name


def _running(endpoint: Endpoint, host: Host) -> Side | None:
    """Return the view that a running container has itself, None if it does not run or has users of its own.

    Those of the latter would have to be impersonated to write there; its directory on the host has all but its mounts.
    """
    leader = host.manager.leader(endpoint.container or "")
    init = None if leader is None else proc.identify(leader)
    if init is None or not _has_users_of_the_host(init.pid):
        return None
    try:
        root = os.open(f"/proc/{init.pid}/root", _DIRECTORY)
    except OSError:
        return None  # it has just ended
    if not init.alive():
        os.close(root)
        return None
    return Side(endpoint=endpoint, root=root, init=init)


def _has_users_of_the_host(pid: int) -> bool:
    try:
        lines = Path(f"/proc/{pid}/uid_map").read_text(encoding="ascii").splitlines()
    except OSError:
        return False
    return Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines() == lines


def _resting(endpoint: Endpoint, directory: Path) -> Side:
    try:
        root = os.open(directory, _DIRECTORY)
    except OSError as error:
        if error.errno not in {errno.ENOENT, errno.ENOTDIR}:
            raise
        raise ContainerError(
            f"The container {endpoint.container} has no files yet: there is no {directory}",
            hint=f"It makes them when it first starts: extra-container start {endpoint.container}",
        ) from error
    first_user = os.fstat(root).st_uid // _USERS * _USERS
    return Side(endpoint=endpoint, root=root, first_user=first_user)


def is_directory(descriptor: int) -> bool:
    """Whether an open file is a directory."""
    return stat.S_ISDIR(os.fstat(descriptor).st_mode)
