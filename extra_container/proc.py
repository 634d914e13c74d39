"""Processes as the kernel shows them: the one reader of ``/proc/PID``.

A PID is given to another process as soon as its own was reaped. So what is remembered of a process is a
:class:`Process`, which knows its start time as well, and what is signalled is held by a pidfd while it is looked at.
A process that has ended gives empty answers. Sources: proc(5), pid_namespaces(7), cgroups(7), pidfd_open(2).
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path

from extra_container.model.frozen import dataclass

ROOT = Path("/proc")

_DEAD = frozenset({"Z", "X", "x"})
_KERNEL_THREAD = 0x00200000  # PF_KTHREAD of the kernel's include/linux/sched.h
_GLOBAL_SCOPE = "00"
_EXEC_SECONDS = 1.0
_EXEC_STEP = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process that is not mistaken for another one with its PID.

    ``started`` is its start time in clock ticks since boot (proc_pid_stat(5), field 22).
    """

    pid: int
    started: int

    def alive(self) -> bool:
        """Whether it still runs; one that only waits to be reaped does not."""
        return identify(self.pid) == self

    def send(self, number: int) -> bool:
        """Send it a signal; return whether it was still there to get it."""
        return signal_if(self.pid, number, lambda _: self.alive())


@dataclass(frozen=True, slots=True, kw_only=True)
class Relations:
    """A process among others: the PIDs of its parent, and of the leaders of its process group and its session."""

    process: Process
    parent: int
    group: int
    session: int


def everybody() -> Iterator[Relations]:
    """Give every running process."""
    for pid in pids():
        stat = _stat(pid, ROOT)
        if stat is not None and stat[0] not in _DEAD:
            process = Process(pid=pid, started=int(stat[19]))
            yield Relations(process=process, parent=int(stat[1]), group=int(stat[2]), session=int(stat[3]))


def identify(pid: int) -> Process | None:
    """Return the running process with this PID, ``None`` if there is none."""
    stat = _stat(pid, ROOT)
    return None if stat is None or stat[0] in _DEAD else Process(pid=pid, started=int(stat[19]))


def identify_child(pid: int) -> Process:
    """Return the caller's own child, which may have ended but was not reaped yet.

    Raises ProcessLookupError if there is no such child.
    """
    stat = _stat(pid, ROOT)
    if stat is None:
        raise ProcessLookupError(pid)
    return Process(pid=pid, started=int(stat[19]))


def own_children() -> frozenset[Process]:
    """Return the running children that the calling thread has started.

    Without CONFIG_PROC_CHILDREN the kernel tells of none.
    """
    found = map(identify, map(int, _read(f"{ROOT}/thread-self/children").split()))
    return frozenset(child for child in found if child is not None)


def signal_if(pid: int, number: int, condition: Callable[[int], bool]) -> bool:
    """Send a signal to a process if the condition holds of it; return whether it got it.

    The condition is given the PID, which belongs to the process that gets the signal: had it ended before, it gets
    none.
    """
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    try:
        if not condition(pid):
            return False
        signal.pidfd_send_signal(handle, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(handle)
    return True


def pids(*, root: Path = ROOT) -> tuple[int, ...]:
    """Return the PIDs of all processes."""
    return tuple(int(name) for name in os.listdir(root) if name.isdecimal())  # noqa: PTH208 -- names are wanted


def parent(pid: int, *, root: Path = ROOT) -> int | None:
    """Return the PID of a process' parent; 0 is one outside of the caller's PID namespace."""
    stat = _stat(pid, root)
    return None if stat is None else int(stat[1])


def name(pid: int, *, root: Path = ROOT) -> str:
    """Return what a process calls itself, at most 15 bytes of its program's name if it says nothing else."""
    return _read(f"{root}/{pid}/comm").decode(errors="surrogateescape").removesuffix("\n")


def children(pid: int, *, root: Path = ROOT) -> tuple[int, ...]:
    """Return the PIDs of the children of a process' first thread."""
    return tuple(int(child) for child in _read(f"{root}/{pid}/task/{pid}/children").split())


def is_init(pid: int, *, root: Path = ROOT, below: int | None = None) -> bool:
    """Whether a process is PID 1 of a PID namespace below the caller's, ``below`` as many levels if that is given."""
    lines = _read(f"{root}/{pid}/status").splitlines()
    numbers = next((line.split()[1:] for line in lines if line.startswith(b"NSpid:")), [])
    return len(numbers) > 1 and numbers[-1] == b"1" and below in {None, len(numbers) - 1}


def inits(among: Iterable[int] | None = None, *, root: Path = ROOT) -> tuple[int, ...]:
    """Return the PIDs of the processes that are PID 1 of a PID namespace right below the caller's.

    ``among`` are those that are looked at, ``None`` for all.
    """
    own = pid_namespace(os.getpid(), root=root)
    found: dict[str, int] = {}
    # PID 1 of a namespace has its lowest PID, unless the numbers have begun anew since.
    for pid in sorted(pids(root=root) if among is None else among):
        space = pid_namespace(pid, root=root)
        if space is not None and space != own and space not in found and is_init(pid, root=root, below=1):
            found[space] = pid
    return tuple(found.values())


def pid_namespace(pid: int, *, root: Path = ROOT) -> str | None:
    """Return what names a process' PID namespace, ``None`` for one that ended or is not the caller's to see."""
    try:
        return os.readlink(f"{root}/{pid}/ns/pid")  # noqa: PTH115 -- a text that is compared, not a path
    except OSError:
        return None


def inhabitants(namespaces: Collection[str]) -> Mapping[int, int]:
    """Return the PIDs of the processes in some PID namespaces, each with that of its parent."""
    inside = (pid for pid in pids() if pid_namespace(pid) in namespaces) if namespaces else ()
    return {pid: above for pid in inside if (above := parent(pid)) is not None}


def cgroups(pid: int, *, root: Path = ROOT) -> Mapping[str, str]:
    """Return a process' cgroup in each hierarchy, as a path from the root of the caller's cgroup namespace.

    The keys are the controllers of a version 1 hierarchy as the kernel lists them (``memory``, ``name=systemd``), and
    an empty text for the unified one.
    """
    lines = _read(f"{root}/{pid}/cgroup").decode(errors="surrogateescape").splitlines()
    return dict(line.split(":", 2)[1:] for line in lines)


def addresses(pid: int, *, root: Path = ROOT) -> tuple[str, ...]:
    """Return the addresses in a process' network namespace, IPv4 first, without those of loopback and of links.

    Sources: ``net/ipv4/fib_trie.c`` and ``net/ipv6/addrconf.c`` of the kernel, which write the files.
    """
    import socket

    found: dict[str, None] = {}
    leaf = ""
    for line in _read(f"{root}/{pid}/net/fib_trie").decode("ascii", errors="replace").splitlines():
        words = line.split()
        if words[:1] == ["|--"]:
            leaf = words[1]
        elif words == ["/32", "host", "LOCAL"] and not leaf.startswith("127."):
            found[leaf] = None
    for line in _read(f"{root}/{pid}/net/if_inet6").decode("ascii", errors="replace").splitlines():
        digits, _, _, scope, *_ = line.split()
        if scope == _GLOBAL_SCOPE:
            found[socket.inet_ntop(socket.AF_INET6, bytes.fromhex(digits))] = None
    return tuple(found)


def runs_in(pid: int, unit: str, *, root: Path = ROOT) -> bool:
    """Whether a process is in the cgroup of a unit."""
    return any(unit in path.split("/") for path in cgroups(pid, root=root).values())


def command_line(pid: int) -> tuple[bytes, ...]:
    """Return the words that a process was started with; a kernel thread has none."""
    return _words(pid, "cmdline")


def environment(pid: int) -> tuple[bytes, ...]:
    """Return the assignments that a process was started with."""
    return _words(pid, "environ")


def naming(text: bytes) -> Iterator[int]:
    """Give the PIDs of the processes that have a text in their command line or environment."""
    return (pid for pid in pids() if any(text in word for word in (*command_line(pid), *environment(pid))))


def _words(pid: int, file: str) -> tuple[bytes, ...]:
    """Return what ends with NUL in a file. It is empty for a moment while a process becomes another program."""
    path = f"{ROOT}/{pid}/{file}"
    deadline = time.monotonic() + _EXEC_SECONDS
    while not (content := _read(path)) and _becomes_a_program(pid) and time.monotonic() < deadline:
        time.sleep(_EXEC_STEP)
    content = content or _read(path)  # it may have become one between the two looks
    return tuple(content.removesuffix(b"\0").split(b"\0")) if content else ()


def _becomes_a_program(pid: int) -> bool:
    """Whether a process may be in execve(2): it has memory of its own already and no arguments yet.

    Only a process whose command line is empty may be; the kernel gives every program one word at least since 5.18.
    """
    stat = _stat(pid, ROOT)
    return (
        stat is not None
        and stat[0] not in _DEAD
        and not int(stat[6]) & _KERNEL_THREAD
        and not _read(f"{ROOT}/{pid}/cmdline")
    )


def _stat(pid: int, root: Path) -> list[str] | None:
    """Return the fields of ``stat`` from the third one, the state, on; the second one may hold anything."""
    text = _read(f"{root}/{pid}/stat").decode("ascii", errors="replace")
    return text.rpartition(")")[2].split() or None


def _read(path: str) -> bytes:
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 -- thousands are read
            return file.read()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return b""  # the process has ended, or is not the caller's to see
