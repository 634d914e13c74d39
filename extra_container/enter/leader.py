"""A container's PID 1 as seen from outside: its namespaces, held open, and whether it lives.

Sources: setns(2), namespaces(7), pidfd_open(2), proc_pid_stat(5).
"""

from __future__ import annotations

import os
import select

from extra_container.enter import capabilities
from extra_container.enter.kernel import setns, signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# The mount namespace first: with it come root and working directory. The two last ones are for the process inside: in
# the cgroup namespace it could not move to the container's cgroup any more, and nobody comes back out of a user
# namespace.
_VISITED = ("mnt", "uts", "ipc", "net", "time", "pid")
_KEPT = ("cgroup", "user")
# The name of a systemd that has ended all units and ends all processes next, cut as the kernel cuts it.
_SHUTTING_DOWN = b"systemd-shutdow"


def shuts_down(pid: int) -> bool:
    """Whether a process is a systemd that ends all processes just now. Raises OSError."""
    with open(f"/proc/{pid}/comm", "rb") as file:  # noqa: PTH123 -- pathlib takes too long to import
        return file.read().strip() == _SHUTTING_DOWN


class LeaderGoneError(Exception):
    """The process has ended, or is another one that got its PID."""


class Leader:
    """The process with this PID that was started ``started`` clock ticks after the boot.

    Raises :class:`LeaderGoneError` if it is not there, and OSError.
    """

    def __init__(self, pid: int, started: int) -> None:
        self.pid = pid
        try:
            self._handle = os.pidfd_open(pid)
            if _start_time(pid) != started:
                raise LeaderGoneError
            self._namespaces = {kind: os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY) for kind in self._foreign()}
            self.root_user = self._root_user()
            self._capabilities = capabilities.bounding_set(pid)
        except (FileNotFoundError, ProcessLookupError) as error:
            raise LeaderGoneError from error
        # What was opened and read was this process' own if it is still there.
        if self.ended() or "pid" not in self._namespaces:
            raise LeaderGoneError

    def ended(self, seconds: float = 0.0) -> bool:
        """Whether it has ended, or does so within some seconds."""
        poll = select.poll()
        poll.register(self._handle, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def shuts_down(self) -> bool:
        """Whether it has ended, or is a systemd that ends all processes just now."""
        try:
            return shuts_down(self.pid) or self.ended()
        except (FileNotFoundError, ProcessLookupError):
            return True

    def wake(self) -> None:
        """Have a systemd that waits for the end of all processes look again.

        It sleeps until a child of its own ends, or for 10 s; what entered is none. Source: shutdown/killall of systemd.
        """
        try:
            if self.shuts_down():
                signal.pidfd_send_signal(self._handle, signal.SIGCHLD)
        except ProcessLookupError:
            return  # it has ended

    def visit(self, do: Callable[[], int]) -> int:
        """Do something in the container's namespaces, where the caller's children are born, and come back.

        The caller itself is not in its PID namespace meanwhile, so nothing in the container sees it.
        """
        kinds = [kind for kind in _VISITED if kind in self._namespaces]
        home = [os.open(f"/proc/self/ns/{kind}", os.O_RDONLY) for kind in kinds]
        for kind in kinds:
            setns(self._namespaces[kind])
        try:
            return do()
        finally:
            for descriptor in home:
                setns(descriptor)
                os.close(descriptor)

    def join_rest(self) -> None:
        """Join what :meth:`visit` left out, as the container's root, with what that may do."""
        for kind in _KEPT:
            if kind in self._namespaces:
                setns(self._namespaces[kind])
        if "user" in self._namespaces:
            os.setgroups([])
            os.setresgid(0, 0, 0)
            os.setresuid(0, 0, 0)
        capabilities.confine(self._capabilities)

    def descriptors(self) -> tuple[int, ...]:
        """Return what :meth:`join_rest` needs."""
        return tuple(self._namespaces[kind] for kind in _KEPT if kind in self._namespaces)

    def let_go(self) -> None:
        """Close what would keep the container's namespaces alive after its end."""
        for descriptor in self._namespaces.values():
            try:
                os.close(descriptor)
            except OSError:
                continue  # the process inside has closed what it does not need
        self._namespaces.clear()

    def _foreign(self) -> tuple[str, ...]:
        """Return the namespaces that are not the caller's own, which cannot be joined or need not."""
        return tuple(
            kind
            for kind in (*_VISITED, *_KEPT)
            if os.path.exists(f"/proc/self/ns/{kind}")  # noqa: PTH110 -- as above
            and os.stat(f"/proc/self/ns/{kind}").st_ino != os.stat(f"/proc/{self.pid}/ns/{kind}").st_ino  # noqa: PTH116
        )

    def _root_user(self) -> int:
        """Return the user outside that is the container's root."""
        with open(f"/proc/{self.pid}/uid_map", "rb") as file:  # noqa: PTH123
            for line in file:
                inside, outside, _ = line.split()
                if inside == b"0":
                    return int(outside)
        return 0


def _start_time(pid: int) -> int:
    with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123
        # The program's name may hold anything; field 3 follows its closing parenthesis.
        fields = file.read().rpartition(b")")[2].split()
    return -1 if fields[0] in {b"Z", b"X"} else int(fields[19])
