"""The command line of the program that enters a container: written by the pipeline and read by the program."""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` takes longer than all that is done here
if TYPE_CHECKING:
    from collections.abc import Sequence

# The directory of a host's runtime directory in which a file NAME that is locked says that NAME is being stopped.
STOPPING = "stopping"


def enter_argv(
    name: str, leader: tuple[int, int], stopping: str, words: Sequence[str] = (), *, otherwise: str = ""
) -> list[str]:
    """Return the command line that runs words as the container's root in a login shell's environment.

    Without words it is the login shell itself. ``leader`` is the PID and the start time of the container's PID 1 (see
    :class:`extra_container.proc.Process`), ``stopping`` the directory :data:`STOPPING`. If that process is gone,
    ``otherwise`` is run by sh instead, with the words as its arguments. Streams and exit code are the command's own,
    128+N for a death by signal N; a terminal at stdin and stdout is given on as one of the container's own.
    """
    import sys

    main = __file__.rpartition("/")[0] + "/__main__.py"
    return [sys.executable, "-I", "-S", main, name, *map(str, leader), stopping, otherwise, *words]
