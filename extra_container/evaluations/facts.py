"""What the file system tells at this moment, to be compared with what it tells later."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from enum import Enum
from typing import NamedTuple, TypeAlias

from extra_container.evaluations.sight import Kind, Observation

# Inode, size and times, with the device: by which a file is known to be the same without reading it.
Stamp: TypeAlias = tuple[int, int, int, int, int]

_LARGEST_FILE = 256 * 1024 * 1024
_DIRECTORY = "directory"


class Trust(Enum):
    """What tells that a file is the same; the values are those of a record's file."""

    CONTENT = "c"  # its content
    STAMP_OR_CONTENT = "s"  # its stamp, or else its content
    STAMP = "t"  # its stamp


class Fact(NamedTuple):
    """What an observation gave: the name of an error, or an answer.

    The answer is the mode of a file, where a link leads, or the hash of a content. ``stamp`` is that of the file.
    """

    observation: Observation
    trust: Trust
    error: str | None
    answer: int | str | None = None
    stamp: Stamp | None = None


class Found(NamedTuple):
    """What was found when something was looked at, with the text of a file that was read."""

    error: str | None
    answer: int | str | None = None
    status: os.stat_result | None = None
    text: bytes | None = None


def look(observation: Observation) -> Found:
    """Look at something as the evaluation did."""
    kind, path, mode = observation
    try:
        match kind:
            case Kind.LSTAT:
                status = os.lstat(path)
                return Found(None, status.st_mode, status)
            case Kind.STAT:
                status = os.stat(path)  # noqa: PTH116 -- a path may end in a slash
                return Found(None, status.st_mode, status)
            case Kind.ACCESS:
                return Found(None if os.access(path, mode) else "EACCES")
            case Kind.READLINK:
                return Found(None, os.readlink(path))  # noqa: PTH115 -- as above
            case Kind.OPEN | Kind.LIST:
                return _read(path, names=kind is Kind.LIST)
    except OSError as error:
        return Found(errno.errorcode.get(error.errno or 0, "unknown"))


def holds(fact: Fact) -> bool:
    """Whether the file system still tells the same."""
    if fact.stamp is not None and fact.trust is not Trust.CONTENT:
        try:
            if stamp(os.stat(fact.observation.path)) == fact.stamp:  # noqa: PTH116 -- a path may end in a slash
                return True
        except OSError:
            return False
        if fact.trust is Trust.STAMP:
            return False
    found = look(fact.observation)
    if fact.observation.kind is Kind.ACCESS:
        return (found.error is None) == (fact.error is None)
    return found.error == fact.error and found.answer == fact.answer


def stamp(status: os.stat_result) -> Stamp:
    """Return by what a file is known."""
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _read(path: str, *, names: bool) -> Found:
    # A FIFO or a device in the place of a file must not be waited for.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            return Found(None, _hash(_listing(descriptor)) if names else _DIRECTORY, status)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST_FILE:
            return Found(None, None, status)
        text = _content(descriptor)
        return Found(None, _hash(text), status, text)
    finally:
        os.close(descriptor)


def _content(descriptor: int) -> bytes:
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        return file.read(_LARGEST_FILE)


def _listing(descriptor: int) -> bytes:
    with os.scandir(descriptor) as entries:
        found = sorted((os.fsencode(entry.name), _type(entry)) for entry in entries)
    return b"\0".join(part for entry in found for part in entry)


def _type(entry: os.DirEntry[str]) -> bytes:
    if entry.is_symlink():
        return b"l"
    return b"d" if entry.is_dir(follow_symlinks=False) else b"f" if entry.is_file(follow_symlinks=False) else b"?"


def _hash(text: bytes) -> str:
    return hashlib.blake2b(text, digest_size=20).hexdigest()
