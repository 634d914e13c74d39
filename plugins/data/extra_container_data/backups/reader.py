"""Reads the archive of a backup, which anybody may have written: nothing in it is trusted."""

from __future__ import annotations

import os
import re
import tarfile
from collections.abc import Iterator
from typing import IO, Protocol, Self, cast

from extra_container.plugin import dataclass
from extra_container_data.backups import form
from extra_container_data.backups.manifest import LONGEST
from extra_container_data.contents import CHUNK, Segment, write_all
from extra_container_data.entries import Content, Entry, Kind, is_kept

# Names and attributes; Linux has none that are longer.
_LONGEST_HEADER = 2 << 20
_DEEPEST = 400
_MOST_ID = (1 << 32) - 2
_MOST_BYTES = 1 << 63
_KINDS = {
    **dict.fromkeys((*tarfile.REGULAR_TYPES, tarfile.LNKTYPE), Kind.FILE),
    **{number: kind for kind, number in form.TYPES.items()},
}
_DESCRIPTIONS = frozenset({tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE})
# Of other formats; what they say would come from elsewhere than from the checked descriptions.
_FOREIGN = frozenset({tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.GNUTYPE_SPARSE})
_TIME = re.compile(r"(-?)([0-9]{1,11})\.?([0-9]{0,9})[0-9]*")


class BrokenArchiveError(Exception):
    """A file is no backup, or not a whole one, or one that wants to do harm; the text says why."""


class _Source(Protocol):
    def read(self, size: int, /) -> bytes | None: ...


class ArchiveReader:
    """Reads an archive from a stream. All methods raise :class:`BrokenArchiveError`."""

    def __init__(self, stream: IO[bytes]) -> None:
        try:
            self._tar = tarfile.open(  # noqa: SIM115 -- the stream is the caller's
                fileobj=stream, mode="r|", tarinfo=_CheckedInfo, encoding=form.ENCODING, errors=form.ERRORS
            )
        except (tarfile.TarError, ValueError, ArithmeticError, LookupError) as error:
            raise BrokenArchiveError(str(error)) from error

    def manifest(self) -> bytes:
        """Return the document that the archive begins with."""
        info = self._next()
        if info is None or info.name != form.MANIFEST or info.type != tarfile.REGTYPE or not 0 <= info.size <= LONGEST:
            raise BrokenArchiveError("it does not begin with a manifest")
        return b"".join(self._member(info).read(info.size))

    def entries(self) -> Iterator[tuple[Entry, Content | None]]:
        """Yield the files of the state; after them, the archive is known to be complete."""
        while (info := self._next()) is not None:
            if info.name == form.END and info.type == tarfile.REGTYPE:
                if self._next() is not None:
                    raise BrokenArchiveError("it goes on after its end")
                return
            yield entry_of(info), self._content(info)
        raise BrokenArchiveError("its end is missing")

    def _next(self) -> tarfile.TarInfo | None:
        try:
            info = self._tar.next()
        except (tarfile.TarError, ValueError, ArithmeticError, LookupError) as error:
            raise BrokenArchiveError(str(error) or "a header cannot be read") from error
        vars(self._tar)["members"].clear()  # all headers would be kept in memory
        return info

    def _content(self, info: tarfile.TarInfo) -> Content | None:
        return self._member(info) if info.type in tarfile.REGULAR_TYPES else None

    def _member(self, info: tarfile.TarInfo) -> _MemberContent:
        parts: tuple[Segment, ...] = (Segment(start=0, size=info.size),)
        if (sparse := cast("list[tuple[int, int]] | None", info.sparse)) is not None:
            parts = tuple(Segment(start=start, size=size) for start, size in sparse)
        end = info.offset_data + sum(part.size for part in parts)
        if not _in_order(parts, info.size) or end > self._tar.offset or self._tar.fileobj is None:
            raise BrokenArchiveError(f"the parts of {info.name[:200]!r} are not where they belong")
        return _MemberContent(source=self._tar.fileobj, size=info.size, parts=parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _MemberContent:
    """What is in a file of an archive, where its stream is just now: the parts, without the holes between them."""

    source: _Source
    size: int
    parts: tuple[Segment, ...]

    def write_to(self, target: int) -> None:
        """Write it to an open empty file, with the same holes. Raises :class:`BrokenArchiveError`, too."""
        for part in self.parts:
            os.lseek(target, part.start, os.SEEK_SET)
            for data in self.read(part.size):
                write_all(target, data)
        os.ftruncate(target, self.size)

    def read(self, size: int) -> Iterator[bytes]:
        """Yield the next bytes, just as many."""
        while size:
            try:
                data = self.source.read(min(CHUNK, size)) or b""
            except tarfile.TarError as error:
                raise BrokenArchiveError(str(error)) from error
            if not data:
                raise BrokenArchiveError("a file ends before its end")
            yield data
            size -= len(data)


class _CheckedInfo(tarfile.TarInfo):
    """A header whose description of a file is no longer than any can be, since it is read as a whole."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """Parse a header."""
        info = super().frombuf(buf, encoding, errors)
        if info.type in _FOREIGN:
            raise BrokenArchiveError(f"it has a header of type {info.type!r}, which no backup has")
        if info.type in _DESCRIPTIONS and not 0 <= info.size <= _LONGEST_HEADER:
            raise BrokenArchiveError("the description of a file is too long")
        return info


def entry_of(info: tarfile.TarInfo) -> Entry:
    """Return the file of the state that a header describes. Pure. Raises :class:`BrokenArchiveError`."""
    kind = _KINDS.get(info.type)
    shown = repr(info.name[:200])
    if kind is None:
        raise BrokenArchiveError(f"{shown} is a device, or of an unknown type")
    if not (0 <= info.uid <= _MOST_ID and 0 <= info.gid <= _MOST_ID and 0 <= info.size < _MOST_BYTES):
        raise BrokenArchiveError(f"owner, group or size of {shown} cannot be")
    if kind is Kind.LINK and (not info.linkname or "\0" in info.linkname):
        raise BrokenArchiveError(f"the link {shown} leads nowhere")
    same_as = _names(info.linkname) if info.type == tarfile.LNKTYPE else None
    if same_as == ():
        raise BrokenArchiveError(f"{shown} is said to be the state's directory")
    return Entry(
        names=_names(info.name),
        kind=kind,
        mode=info.mode & 0o7777,
        owner=info.uid,
        group=info.gid,
        modified=_modified(info),
        attributes={
            name: value.encode(form.ENCODING, form.ERRORS)
            for key, value in info.pax_headers.items()
            if key.startswith(form.ATTRIBUTE) and is_kept(name := key.removeprefix(form.ATTRIBUTE))
        },
        target=info.linkname if kind is Kind.LINK else "",
        same_as=same_as,
    )


def _names(path: str) -> tuple[str, ...]:
    top, *names = path.split("/")
    if top != form.STATE or len(names) > _DEEPEST or any(name in {"", ".", ".."} or "\0" in name for name in names):
        raise BrokenArchiveError(f"{path[:200]!r} is no path in the state of a container")
    return tuple(names)


def _modified(info: tarfile.TarInfo) -> int:
    match = _TIME.fullmatch(str(info.pax_headers.get("mtime", int(info.mtime))))
    if match is None:
        raise BrokenArchiveError(f"{info.name[:200]!r} is of no time that there is")
    nanoseconds = int(match[2]) * 10**9 + int(match[3].ljust(9, "0"))
    return -nanoseconds if match[1] else nanoseconds


def _in_order(parts: tuple[Segment, ...], size: int) -> bool:
    position = 0
    for part in parts:
        if part.start < position or part.size < 0:
            return False
        position = part.start + part.size
    return position <= size
