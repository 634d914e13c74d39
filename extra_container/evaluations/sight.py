"""What an evaluation could see of the file system, read from its system calls. Pure.

Only calls that are known are understood, and only what is known to be Nix' own is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from extra_container.evaluations.own import Own
from extra_container.evaluations.strace import DELETED, Call, unescaped

_STATS = frozenset({"stat", "lstat", "newfstatat", "fstatat64", "stat64", "lstat64"})
_OPENS = frozenset({"open", "openat", "openat2"})
_ACCESSES = frozenset({"access", "faccessat", "faccessat2"})
_READLINKS = frozenset({"readlink", "readlinkat"})
_STARTS = frozenset({"clone", "clone3", "fork", "vfork"})
_CHANGES = frozenset({
    "chmod", "chown", "creat", "fchmodat", "fchmodat2", "fchownat", "lchown", "lremovexattr", "link", "linkat",
    "llistxattr", "mkdir", "mkdirat", "rename", "renameat", "renameat2", "rmdir", "symlink", "symlinkat", "truncate",
    "unlink", "unlinkat", "utime", "utimensat", "utimes",
})  # fmt: skip
# What these tell cannot reach an evaluation: the kind of a file system, and the working directory.
_HARMLESS = frozenset({"statfs", "statfs64", "getcwd", "chdir"})

_WRITING = re.compile(r"\b(?:O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND)\b")
_NO_FOLLOW = "AT_SYMLINK_NOFOLLOW"
_TIME = r"(-?\d+)(?: /\*.*?\*/)?"
_IDENTITY = re.compile(
    r"st_ino=(\d+),.*?st_mode=S_IF(\w+)\b.*?(?:st_size=(\d+)|st_rdev=).*?"
    rf"st_mtime={_TIME}(?:, st_mtime_nsec=(\d+))?, st_ctime={_TIME}(?:, st_ctime_nsec=(\d+))?"
)
# What Nix, its garbage collector and its libraries read of their process and machine, which no expression gets to know;
# and devices that have nothing, or no end, so that no expression can have read them.
_OF_NIX = frozenset({
    "/dev/null", "/dev/random", "/dev/urandom", "/proc/mounts", "/proc/self/cgroup", "/proc/self/exe",
    "/proc/self/maps", "/proc/self/mounts", "/proc/self/ns/mnt", "/proc/self/root", "/proc/stat",
    "/proc/sys/kernel/random/boot_id",
})  # fmt: skip
_CORES = re.compile(r"/sys/fs/cgroup/.*/cpu\.max")
# All else in the store's directory are Nix' temporary files and locks. Source: the Nix manual on store paths.
_STORE_NAME = re.compile(r"[0-9a-z]{32}-(?:(?!\.lock$).)+")
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
_SOCKET = re.compile(r'sa_family=AF_UNIX, sun_path="((?:[^"\\]|\\.)*)"')
# Who answers questions about users and groups, which no expression can ask: nscd, sssd, systemd; and Nix' daemon.
_ANSWERING = re.compile(
    r"(?:/var)?/run/nscd/socket|/var/lib/sss/pipes/\w+|/run/systemd/userdb/[\w.]+|.*/daemon-socket/socket"
)


class Kind(Enum):
    """How something was looked at; the values are those of a record's file."""

    LSTAT = "l"
    STAT = "s"
    ACCESS = "a"
    READLINK = "r"
    OPEN = "o"
    LIST = "d"


class Observation(NamedTuple):
    """Something that was looked at; ``mode`` is what access(2) was asked for, as number."""

    kind: Kind
    path: str
    mode: int = 0


class Identity(NamedTuple):
    """By which a file is known not to have changed: its inode, size and times (in nanoseconds), and its type."""

    inode: int
    type: str
    size: int
    modified: int
    changed: int


class Seen(NamedTuple):
    """What was seen: the name of an error, ``None`` for success.

    ``identity`` is that of the file as it was then, ``target`` the true path of what was opened.
    """

    error: str | None = None
    identity: Identity | None = None
    target: str | None = None


class UnknownError(Exception):
    """It cannot be known what an evaluation saw; the message says why."""


def observations(calls: Iterable[Call], own: Own) -> dict[Observation, Seen]:
    """Return all that was looked at, and what was seen.

    Raises :class:`UnknownError` if there may be more, or if the same was seen to change.
    """
    sight = _Sight(own)
    for call in calls:
        sight.take(call)
    return sight.result()


class _Sight:
    def __init__(self, own: Own) -> None:
        self._own = own
        self._added: set[str] = set()  # names in the store that Nix adds itself
        self._opened: dict[str, str] = {}  # from true paths to those under which they were opened last
        self._identities: dict[str, Identity] = {}  # by true path
        self._seen: dict[Observation, Seen] = {}

    def result(self) -> dict[Observation, Seen]:
        """Return what was seen; of what was opened the identity that was seen at any time."""
        found = dict(self._seen)
        for observation, seen in self._seen.items():
            if observation.kind in {Kind.OPEN, Kind.LIST} and seen.target is not None:
                found[observation] = seen._replace(identity=self._identities.get(seen.target))
        return found

    def take(self, call: Call) -> None:
        name = call.name
        if name in _STATS:
            self._stat(call)
        elif name in _OPENS:
            self._open(call)
        elif name in _READLINKS:
            self._look(Kind.READLINK, call)
        elif name in {"getdents", "getdents64"}:
            path = _path(call)
            listed = call._replace(path=self._opened.get(path, path), opened=path)
            self._look(Kind.LIST, listed)
        elif name in _ACCESSES:
            self._look(Kind.ACCESS, call, mode=_access_mode(call.rest))
        elif name == "execve":
            self._look(Kind.OPEN, call)
        elif name in _CHANGES:
            self._change(call)
        elif name == "connect":
            match = _SOCKET.search(call.rest)
            if match is None or not _ANSWERING.fullmatch(unescaped(match[1])):
                raise UnknownError("it opened a connection")
        elif name in _STARTS:
            if "CLONE_THREAD" not in call.rest:
                raise UnknownError("it started another program")
        elif name not in _HARMLESS:
            raise UnknownError(f"it used {name}")

    def _stat(self, call: Call) -> None:
        match = _IDENTITY.search(call.rest)
        if call.error is None and match is None:
            raise UnknownError(f"what it saw of {call.path} is not understood")
        identity = _identity(match) if match else None
        if "AT_EMPTY_PATH" in call.rest:  # a file that is open
            if identity is not None and _path(call) in self._opened:
                self._identify(_path(call), identity)
            return
        no_follow = call.name.startswith("lstat") or _NO_FOLLOW in call.rest
        self._look(Kind.LSTAT if no_follow else Kind.STAT, call, identity=identity)

    def _identify(self, path: str, identity: Identity) -> None:
        if self._own.store_name(path) is None and self._identities.setdefault(path, identity) != identity:
            raise UnknownError(f"{path} changed meanwhile")

    def _open(self, call: Call) -> None:
        path = _path(call)
        if "O_PATH" in call.rest:
            self._look(Kind.LSTAT if "O_NOFOLLOW" in call.rest else Kind.STAT, call)
        elif not _WRITING.search(call.rest):
            if call.opened is not None:
                self._opened[call.opened] = path
            self._look(Kind.OPEN, call)
        elif not self._own.writable(path):
            raise UnknownError(f"it wrote to {path}, which may be a cache of what it fetched")
        elif path.endswith(".lock") and (name := self._own.store_name(path)) is not None:
            self._added.add(name.removesuffix(".lock"))

    def _change(self, call: Call) -> None:
        named = [unescaped(text) for text in _TEXT.findall(call.rest)]
        paths = [named[-1]] if call.name in {"symlink", "symlinkat"} else [_path(call), *named]
        for path in paths:
            if not self._own.writable(path):
                raise UnknownError(f"it changed {path}")

    def _look(self, kind: Kind, call: Call, *, mode: int = 0, identity: Identity | None = None) -> None:
        path = _path(call)
        observation = Observation(kind, path, mode)
        # What is in the store never changes, but it comes and goes.
        is_kept = kind is Kind.LSTAT and self._own.store_name(path) is not None
        seen = Seen(call.error, None if is_kept else identity, call.opened)
        before = self._seen.get(observation)
        if before == seen or self._is_own(kind, path, call):
            return
        _require_still(path, call)
        self._seen[observation] = seen if before is None else merged(path, before, seen)

    def _is_own(self, kind: Kind, path: str, call: Call) -> bool:
        if kind is Kind.OPEN and call.error is None and self._own.in_database(path):
            return False
        if self._own.hidden(path) or path in _OF_NIX or _CORES.fullmatch(path):
            return True
        name = self._own.store_name(path)
        if name is None or (name in self._added and kind is Kind.OPEN and call.error is None):
            return False  # what an evaluation adds, it may read
        return name in self._added or _STORE_NAME.fullmatch(name) is None


def _require_still(path: str, call: Call) -> None:
    """Raise :class:`UnknownError` for what is no file that can be read again."""
    if call.opened is not None and call.opened.endswith(DELETED):
        raise UnknownError(f"{path} is gone")
    for name in (path, call.opened or path):
        if _is_below(name, "/proc") or (_is_below(name, "/dev") and call.name in _OPENS):
            raise UnknownError(f"it read {name}")
        if _is_below(name, "/sys") and name != "/sys/devices/system/cpu/online":
            raise UnknownError(f"it read {name}")


def merged(path: str, one: Seen, other: Seen) -> Seen:
    """Return what two looks at the same tell; of a directory that it is one, since its files are seen apart.

    Raises :class:`UnknownError` if it changed between them.
    """
    is_directory = one.identity and other.identity and one.identity.type == other.identity.type == "DIR"
    is_other = not is_directory and _differ(one.identity, other.identity)
    if is_other or one.error != other.error or _differ(one.target, other.target):
        raise UnknownError(f"{path} changed meanwhile")
    return Seen(error=one.error, identity=one.identity or other.identity, target=one.target or other.target)


def _differ(one: object, other: object) -> bool:
    return one is not None and other is not None and one != other


def _identity(match: re.Match[str]) -> Identity:
    inode, type_, size, modified, modified_ns, changed, changed_ns = match.groups(default="0")
    return Identity(
        inode=int(inode),
        type=type_,
        size=int(size),
        modified=int(modified) * 10**9 + int(modified_ns),
        changed=int(changed) * 10**9 + int(changed_ns),
    )


def _access_mode(rest: str) -> int:
    words = {"R_OK": 4, "W_OK": 2, "X_OK": 1, "F_OK": 0}
    asked = re.findall(r"\b[RWXF]_OK\b", rest)
    if not asked or "AT_" in rest:
        raise UnknownError(f"a question for access is not understood: {rest}")
    return sum(words[word] for word in asked)


def _path(call: Call) -> str:
    if call.path is None:
        raise UnknownError(f"it used {call.name} without a name")
    return call.path


def _is_below(path: str, place: str) -> bool:
    return path == place or path.startswith(f"{place}/")
