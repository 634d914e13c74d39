"""Writes the archive of a backup."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Sequence
from typing import IO, Protocol, cast

from extra_container_data.backups import form
from extra_container_data.contents import CHUNK, FileContent, Segment, segments
from extra_container_data.entries import Entry


class ArchiveWriter:
    """Writes an archive to a stream. Raises OSError as the stream does, and for a file that became shorter."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._tar = tarfile.open(  # noqa: SIM115 -- closed by finish, and only then it is whole
            fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT, encoding=form.ENCODING, errors=form.ERRORS
        )
        vars(self._tar)["copybufsize"] = CHUNK

    def add_document(self, name: str, document: bytes) -> None:
        """Write a file of the archive's own."""
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(document), 0o600
        self._add(info, io.BytesIO(document))

    def add(self, entry: Entry, content: FileContent | None) -> None:
        """Write one file of the state."""
        info = tarfile.TarInfo(_path(entry.names))
        info.mode, info.uid, info.gid = entry.mode, entry.owner, entry.group
        info.type = form.TYPES.get(entry.kind, tarfile.REGTYPE)
        info.linkname = entry.target
        headers = {"mtime": time_text(entry.modified)}
        for name, value in entry.attributes.items():
            headers[form.ATTRIBUTE + name] = value.decode(form.ENCODING, form.ERRORS)
        data = None
        if entry.same_as is not None:
            info.type, info.linkname = tarfile.LNKTYPE, _path(entry.same_as)
        elif content is not None:
            parts = tuple(segments(content.source, content.size))
            table = b""
            if sum(part.size for part in parts) != content.size:
                table = sparse_table(parts, content.size)
                facts = {"major": "1", "minor": "0", "name": info.name, "realsize": str(content.size)}
                headers |= {form.SPARSE + key: value for key, value in facts.items()}
            info.size = len(table) + sum(part.size for part in parts)
            data = _Data(content.source, parts, table)
        info.pax_headers = headers
        self._add(info, data)

    def finish(self, document: bytes) -> None:
        """Write the word that the archive is complete, and its end."""
        self.add_document(form.END, document)
        self._tar.close()

    def _add(self, info: tarfile.TarInfo, data: _Readable | None) -> None:
        self._tar.addfile(info, cast("IO[bytes] | None", data))
        vars(self._tar)["members"].clear()  # all headers would be kept in memory


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Data:
    """What stands behind the header of a file, to be read once."""

    def __init__(self, source: int, parts: Sequence[Segment], table: bytes) -> None:
        self._source = source
        self._parts = list(reversed(parts))
        self._table = table

    def read(self, size: int) -> bytes:
        """Return the next bytes, up to as many; fewer if the file has become shorter."""
        found, self._table = self._table[:size], self._table[size:]
        while self._parts and len(found) < size:
            part = self._parts.pop()
            data = os.pread(self._source, min(size - len(found), part.size), part.start)
            found += data
            if data and len(data) < part.size:
                self._parts.append(Segment(start=part.start + len(data), size=part.size - len(data)))
        return found


def sparse_table(parts: Sequence[Segment], size: int) -> bytes:
    """Return what says where the parts of a file of that size belong, in whole blocks. Pure."""
    # The end of a file that ends in a hole is a part without bytes.
    if not parts or parts[-1].start + parts[-1].size < size:
        parts = (*parts, Segment(start=size, size=0))
    numbers = [len(parts), *(number for part in parts for number in (part.start, part.size))]
    table = "".join(f"{number}\n" for number in numbers).encode()
    return table + b"\0" * (-len(table) % tarfile.BLOCKSIZE)


def time_text(nanoseconds: int) -> str:
    """Return a time since the epoch as seconds, all digits kept. Pure."""
    seconds, rest = divmod(abs(nanoseconds), 10**9)
    return f"{'-' * (nanoseconds < 0)}{seconds}.{rest:09}"


def _path(names: Sequence[str]) -> str:
    return "/".join((form.STATE, *names))
