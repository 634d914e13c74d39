"""Starting supervisors from the program that the user called: one program for all, which then divides."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from enum import Enum
from pathlib import Path

from extra_container.plugin import HostError
from extra_container_standalone.places import Places

# The supervisor runs isolated (-I): neither the caller's directory nor his variables decide what it imports, only the
# import path of the program that starts it.
_BOOT = (
    "import sys; given = sys.argv.pop(1).split(':'); sys.path += [p for p in given if p not in sys.path]; "
    "from extra_container_standalone.supervisor import main; main(sys.argv[1:])"
)


class Mode(Enum):
    """What a new supervisor does: start a container, or end what a dead supervisor left."""

    START = "start"
    STOP = "stop"
    KILL = "kill"


def launch(names: Sequence[str], mode: Mode, places: Places, *, at_once: int = 0) -> None:
    """Start a supervisor for each container and wait until each container is up or at rest.

    ``at_once`` bounds how many boot at once; 0 does not. An interruption leaves the supervisors at work that were
    started. Raises :class:`.HostError` if the program does not start.
    """
    if not names:
        return
    for name in names:
        places.directory(name).mkdir(mode=0o700, parents=True, exist_ok=True)
    trouble = places.states / "supervisors.log"
    reader, writer = os.pipe()
    try:
        directories = (str(places.units), str(places.confs), str(places.states))
        child = _spawn((mode.value, str(at_once), *directories, *names), trouble, writer)
    finally:
        os.close(writer)
    try:
        if _await_division(child):
            raise HostError(f"no supervisor could be started for {', '.join(names)}", hint=f"See {trouble}.")
        # Every supervisor closes its copy of the other end when it has nothing more to say; nothing is ever written.
        os.read(reader, 1)
    finally:
        os.close(reader)


def _await_division(child: int) -> int:
    """Wait until the program has started all supervisors; return its wait status. An interruption ends the program."""
    try:
        return os.waitpid(child, 0)[1]
    except BaseException:
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)
        raise


def _spawn(arguments: Sequence[str], trouble: Path, writer: int) -> int:
    from extra_container_standalone.supervisor import STARTER

    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    return os.posix_spawn(
        sys.executable,
        (sys.executable, "-I", "-c", _BOOT, ":".join(_import_path()), *arguments),
        {"PATH": os.defpath, "LANG": "C.UTF-8"},
        file_actions=(
            (os.POSIX_SPAWN_DUP2, writer, STARTER),
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(trouble), append, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ),
        setsid=True,
        setsigmask=(),
        setsigdef=(signal.SIGINT, signal.SIGHUP, signal.SIGPIPE, signal.SIGTERM, signal.SIGCHLD, signal.SIGUSR1),
    )


def _import_path() -> Sequence[str]:
    return tuple(path for path in sys.path if path.startswith("/") and ":" not in path)
