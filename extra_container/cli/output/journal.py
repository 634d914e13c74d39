"""Events in the host's journal, with fields, by journald's own protocol.

Source: https://systemd.io/JOURNAL_NATIVE_PROTOCOL. A journal that does not take something is no reason to stop:
:func:`JournalLog.failure` tells of it afterwards.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.cli.output import lines
from extra_container.cli.output.bearings import containers_of
from extra_container.model.errors import HostError
from extra_container.model.origin import MESSAGE_ID

if TYPE_CHECKING:
    from collections.abc import Iterable

    from extra_container.model.events import Event
    from extra_container.model.origin import Origin

SOCKET = Path("/run/systemd/journal/socket")

_PRIORITIES = {"info": 6, "warning": 4, "error": 3}  # syslog(3)
_SECONDS = 5.0


class JournalLog:
    """Writes events to the journal. ``place`` is journald's socket.

    Raises :class:`.HostError` if the journal cannot be reached.
    """

    def __init__(self, place: Path = SOCKET) -> None:
        self._error: OSError | None = None
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.settimeout(_SECONDS)
        try:
            self._socket.connect(os.fspath(place))
        except OSError as error:
            self._socket.close()
            raise HostError(
                f"The journal cannot be reached: {place}: {error.strerror}",
                hint="--log-file FILE writes the same to a file.",
            ) from error

    def __call__(self, event: Event, origin: Origin) -> None:
        """Write an event; after the first failure nothing is written any more."""
        if self._error is not None:
            return
        try:
            self._send(_encoded(_entry(event, origin)))
        except OSError as error:
            self._error = error

    def failure(self) -> OSError | None:
        """Return why some of the events got lost, None if none did."""
        return self._error

    def _send(self, entry: bytes) -> None:
        try:
            self._socket.send(entry)
        except OSError as error:
            if error.errno not in {errno.EMSGSIZE, errno.ENOBUFS}:
                raise
            # What is too long for a datagram comes as a file that nobody can change any more.
            descriptor = os.memfd_create("entry", os.MFD_ALLOW_SEALING)
            try:
                os.write(descriptor, entry)
                seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL
                fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
                socket.send_fds(self._socket, [b""], [descriptor])
            finally:
                os.close(descriptor)


def write_change(event: Event, origin: Origin, place: Path = SOCKET) -> None:
    """Write an event if the host has a journal; what goes wrong is passed over.

    By entries of changes, and systemd's own of the units, it is known what happened, without a daemon.
    """
    if place.exists():
        try:
            JournalLog(place)(event, origin)
        except HostError:
            return


def _entry(event: Event, origin: Origin) -> Iterable[tuple[str, str]]:
    """Yield the fields of an event's entry. Pure."""
    line = {"event": event.kind, "level": lines.level(event), **lines.whole(event, origin)}
    names = containers_of(event)
    said = line.get("message")
    about = f"{event.kind} {', '.join(names)}".rstrip()
    yield "MESSAGE", f"{about}: {said}" if said else about
    yield "MESSAGE_ID", MESSAGE_ID
    yield "PRIORITY", str(_PRIORITIES[lines.level(event)])
    yield "SYSLOG_IDENTIFIER", "extra-container"
    yield "EXTRA_CONTAINER_EVENT", event.kind
    for name in names:
        yield "EXTRA_CONTAINER_NAME", name
    for field in ("run", "command", "phase", "plugin"):
        if field in line:
            yield f"EXTRA_CONTAINER_{field.upper()}", str(line[field])
    yield "EXTRA_CONTAINER_JSON", json.dumps(line)


def _encoded(entry: Iterable[tuple[str, str]]) -> bytes:
    """Return fields as journald reads them. Pure."""
    return b"".join(_field(name, value.encode(errors="replace")) for name, value in entry)


def _field(name: str, value: bytes) -> bytes:
    if b"\n" in value:
        return b"%s\n%s%s\n" % (name.encode(), len(value).to_bytes(8, "little"), value)
    return b"%s=%s\n" % (name.encode(), value)
