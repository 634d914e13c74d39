"""The command line of the program that enters a container: written by the pipeline and read by the program."""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` takes longer than all that is done here
if TYPE_CHECKING:
    from collections.abc import Sequence

# The directory of a host's runtime directory in which a file NAME that is locked says that NAME is being stopped.
STOPPING = "stopping"
# Begins the words of a command, where otherwise arguments of the login shell would stand.
COMMAND = "--"


def enter_argv(name: str, leader: tuple[int, int], stopping: str, *, otherwise: str = "") -> list[str]:
    """Return the command line that opens a root login shell in a container, to which arguments of the shell may follow.

    :data:`COMMAND` and words after it run those instead. ``leader`` is the PID and the start time of the container's
    PID 1 (see :class:`extra_container.proc.Process`), ``stopping`` the directory :data:`STOPPING`. If that process is
    gone, ``otherwise`` is run by sh instead, with what followed as its arguments. Streams and exit code are the
    command's own, 128+N for a death by signal N; a terminal at stdin and stdout is given on as one of the container's
    own.
    """
    import sys

    main = __file__.rpartition("/")[0] + "/__main__.py"
    return [sys.executable, "-I", "-S", main, name, *map(str, leader), stopping, otherwise]


def shell_arguments(command: Sequence[str]) -> list[str]:
    """Return the arguments that make a shell become a command, without interpreting a word of it. Pure."""
    # Not every shell's `exec` takes a `--`.
    guard = ["--"] if command[0].startswith("-") else []
    return ["-c", " ".join(["exec", *guard, *map(_quoted, command)])]


def _quoted(word: str) -> str:
    return (
        "'" + word.replace("'", "'\"'\"'") + "'"
    )  # `shlex` imports `re`, which takes longer than all that is done here
