"""What happens inside a running container: commands, live updates, and processes that keep it from stopping."""

from __future__ import annotations

import os
import shlex
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from extra_container import proc

if TYPE_CHECKING:
    from extra_container.process import Runner

# `su` starts a login shell with root's set-up and the system's PATH. NixOS has it in the system profile; a store path
# from outside would meet a foreign PAM set-up.
_SU = ("/run/current-system/sw/bin/su", "/run/wrappers/bin/su", "/bin/su")

# Exit codes of switch-to-configuration. Source: switch-to-configuration-ng/src/main.rs of nixpkgs.
SWITCH_NEEDS_RESTART = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """How a live update of one container ended; ``output`` is what it printed."""

    name: str
    code: int
    output: tuple[str, ...]


def run_argv(leader: int, command: Sequence[str]) -> list[str]:
    """Return the command line that runs a command as the container's root, in a login shell's environment.

    Exit code and streams are the command's own: nsenter and su pass them on (128+N for a death by signal N).
    """
    # Not every shell's `exec` takes a `--`.
    guard = ["--"] if command[0].startswith("-") else []
    inner = " ".join(["exec", *guard, *(shlex.quote(word) for word in command)])
    return [*_enter(leader), "-c", inner]


def login_shell_argv(leader: int) -> list[str]:
    """Return the command line of a root login shell in the container."""
    return _enter(leader)


def _enter(leader: int) -> list[str]:
    find_su = (
        'for su in {}; do [ -x "$su" ] && exec "$su" root -l "$@"; done; echo "No su in the container" >&2; exit 127'
    )
    script = find_su.format(" ".join(_SU))
    return ["nsenter", "--all", "--target", str(leader), "--", "/bin/sh", "-c", script, "sh"]


def update(name: str, leader: int, settings: Mapping[str, str], runner: Runner) -> Update:
    """Switch a running container to the system of its conf and return how that went.

    It runs through nsenter: ``systemd-run`` would lose its connection when the container's systemd re-executes.
    """
    switch = f"{settings['SYSTEM_PATH']}/bin/switch-to-configuration"
    done = runner.run(run_argv(leader, ["sh", "-c", 'exec "$0" test 2>&1', switch]), check=False)
    return Update(name=name, code=done.returncode, output=tuple((done.stdout + done.stderr).splitlines()))


def intruders(leader: int) -> tuple[int, ...]:
    """Return the processes that entered a container from outside, as ``run`` and ``root-login`` do, and their children.

    They are in the container's PID namespace without descending from its PID 1, so the container's own shutdown
    waits for them until its time-out. A leader in the program's own PID namespace is none of a container, whatever a
    manager says: nobody entered there. Source: pid_namespaces(7), proc(5).
    """
    namespace = proc.pid_namespace(leader)
    if namespace is None or namespace == proc.pid_namespace(os.getpid()):
        return ()
    parents = proc.inhabitants(namespace)
    return tuple(sorted(pid for pid in parents if not _descends(pid, leader, parents)))


def expel(leader: int, *, grace: float = 1.0) -> None:
    """End the :func:`intruders`: hang up first, kill those that are left after ``grace`` seconds."""
    namespace = proc.pid_namespace(leader)
    for number in (signal.SIGHUP, signal.SIGTERM):
        _signal(intruders(leader), number, namespace)
    deadline = time.monotonic() + grace
    while (left := intruders(leader)) and time.monotonic() < deadline:
        time.sleep(0.02)
    _signal(left, signal.SIGKILL, namespace)


def _signal(pids: Sequence[int], number: signal.Signals, namespace: str | None) -> None:
    for pid in pids:
        proc.signal_if(pid, number, lambda pid: proc.pid_namespace(pid) == namespace)


def _descends(pid: int, ancestor: int, parents: Mapping[int, int]) -> bool:
    while pid != ancestor:
        if pid not in parents:
            return False
        pid = parents[pid]
    return True
