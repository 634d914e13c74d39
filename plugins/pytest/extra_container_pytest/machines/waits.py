"""Waiting for ports, sockets and files of a machine."""

from __future__ import annotations

import os
import shlex
import socket
import time
from collections.abc import Callable

from extra_container_pytest.errors import MachineError
from extra_container_pytest.machines.changes import Changes, nearest_directory
from extra_container_pytest.machines.commands import TIMEOUT
from extra_container_pytest.machines.units import Units

# bash connects by itself, which needs no program inside. The kernel tells nobody of new listeners: it asks again soon.
_CONNECTS = "(: </dev/tcp/{host}/{port}) 2>/dev/null"
_SOON = 0.05


class Waits(Units):
    """What tests wait for beside units."""

    def wait_for_open_port(self, port: int, addr: str = "localhost", timeout: float = TIMEOUT) -> None:
        """Wait until something accepts connections at a TCP port, as seen by the machine itself."""
        self._wait_for_port(port, addr, timeout, is_open=True)

    def wait_for_closed_port(self, port: int, addr: str = "localhost", timeout: float = TIMEOUT) -> None:
        """Wait until nothing accepts connections at a TCP port, as seen by the machine itself."""
        self._wait_for_port(port, addr, timeout, is_open=False)

    def _wait_for_port(self, port: int, addr: str, timeout: float, *, is_open: bool) -> None:
        connects = _CONNECTS.format(host=shlex.quote(addr), port=int(port))
        # One command that repeats itself is sooner done than many.
        loop = f"until {'' if is_open else '! '}{connects}; do sleep {_SOON}; done"
        wanted = "open" if is_open else "closed"
        with Changes() as changes:
            self._wait_for(
                changes,
                lambda left: self._run(loop, left).code == 0,
                timeout,
                lambda: f"port {port} of {addr} is not {wanted}",
            )

    def wait_for_open_unix_socket(self, addr: str, is_datagram: bool = False, timeout: float = TIMEOUT) -> None:  # noqa: FBT001, FBT002
        """Wait until something accepts connections (or datagrams) at a Unix socket of the machine."""
        kind = socket.SOCK_DGRAM if is_datagram else socket.SOCK_STREAM
        self._wait_for_path(addr, lambda: self._connects(addr, kind), timeout, f"nothing listens on the socket {addr}")

    def wait_for_file(self, filename: str, timeout: float = TIMEOUT) -> None:
        """Wait until there is a file (or anything else) of a name."""
        test = f"test -e {shlex.quote(filename)}"
        self._wait_for_path(filename, lambda: self._run(test, 60).code == 0, timeout, f"there is no file {filename}")

    def _wait_for_path(self, path: str, check: Callable[[], bool], timeout: float, complaint: str) -> None:
        deadline = time.monotonic() + timeout
        while True:
            # Watched before it is looked at, and anew each time: directories may have come meanwhile.
            with Changes() as changes:
                changes.watch_path(self._inside(), self._without_links(path))
                if check():
                    return
                left = deadline - time.monotonic()
                if left <= 0:
                    raise MachineError(f"{self.name}: within {timeout:g} s {complaint}")
                changes.wait(left)

    def _without_links(self, path: str) -> str:
        """Return a path as the machine's own kernel resolves it."""
        done = self._run(f"realpath -m -- {shlex.quote(path)}", 60)
        return done.out.rstrip("\n") or path

    def _connects(self, path: str, kind: socket.SocketKind) -> bool:
        pid, real = self._inside(), self._without_links(path)
        if pid is None:
            return False
        with nearest_directory(pid, real) as directory, socket.socket(socket.AF_UNIX, kind) as client:
            client.settimeout(5)
            try:
                client.connect(f"/proc/self/fd/{directory}/{os.path.basename(real)}")  # noqa: PTH119 -- a part of a path
            except OSError:
                return False
        return True
