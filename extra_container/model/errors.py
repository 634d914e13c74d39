"""The errors that a user can meet, each with the exit code it ends the program with.

Exit codes are part of the command line's promise and stand in the man page:

====  =============================================================================
1     the operation failed
2     the command line is wrong, or the named container does not exist
3     the definition could not be evaluated or built
4     a container did not start, stop or update
5     this host lacks what the operation needs (systemd, Nix, rights, a directory)
6     another run holds the lock
7     a plugin is broken
8     what was agreed on does not hold any more, and nothing was changed
9     what was waited for did not come in time
11    a policy of this host forbids it (10 is an answer of ``plan``)
12    a container failed, and went back to what was healthy last
13    a container failed, and going back failed as well
14    another machine cannot be reached
130   Ctrl-C
====  =============================================================================
"""

from __future__ import annotations

import types
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class ExtraContainerError(Exception):
    """A failure that the user can understand and act on.

    ``message`` names the thing that failed, ``hint`` the next step, if there is one. ``details`` are fields that only
    the structured log has. ``kind`` is how documents and the log call such a failure.
    """

    exit_code = 1
    kind = "operation"
    details: Mapping[str, object] = types.MappingProxyType({})

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """Return the message, also where what was done about the error has been added to it."""
        return self.message


class UsageError(ExtraContainerError):
    """The command line is wrong or names something that does not exist."""

    exit_code = 2
    kind = "usage"


class AbsentError(UsageError):
    """A definition lacks containers that are asked for; ``present`` are those it has."""

    def __init__(self, absent: Sequence[str], present: Sequence[str]) -> None:
        super().__init__(
            f"The definition has no container {' and no '.join(absent)}",
            hint=f"It has {', '.join(present)}." if present else "It has none at all.",
        )
        self.present = tuple(present)


class BuildError(ExtraContainerError):
    """The definition could not be evaluated or built."""

    exit_code = 3
    kind = "build"


class ContainerError(ExtraContainerError):
    """A container did not do what was asked: start, stop, update or run."""

    exit_code = 4
    kind = "container"


class RolledBackError(ContainerError):
    """A container failed, and went back to what was healthy last, as was asked for."""

    exit_code = 12
    kind = "rolled_back"


class RollbackError(ContainerError):
    """A container failed, and going back to what was healthy last failed as well."""

    exit_code = 13
    kind = "rollback"


class HostError(ExtraContainerError):
    """The host lacks something that the operation needs."""

    exit_code = 5
    kind = "host"


class LockError(ExtraContainerError):
    """Another run of the program holds the machine's lock."""

    exit_code = 6
    kind = "lock"


class PluginError(ExtraContainerError):
    """A plugin cannot be loaded, or broke the rules of the hooks."""

    exit_code = 7
    kind = "plugin"


class StaleError(ExtraContainerError):
    """What was shown and agreed on is not what would be done any more; nothing was changed."""

    exit_code = 8
    kind = "stale"


class TimeUpError(ExtraContainerError):
    """What was waited for did not come in the time that the user gave it."""

    exit_code = 9
    kind = "timeout"


class PolicyError(ExtraContainerError):
    """What was asked could be done, and a plugin forbids it on this host."""

    exit_code = 11
    kind = "policy"


class UnreachableError(ExtraContainerError):
    """Another machine, on which something was to be done, cannot be reached."""

    exit_code = 14
    kind = "unreachable"


class InstallError(ExtraContainerError):
    """Files could not be installed or removed; what had been done was undone."""


class ProcessError(ExtraContainerError):
    """A foreign program failed: the message holds its command line, code and last lines of stderr."""

    def __init__(self, message: str, *, returncode: int, stderr: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.returncode = returncode
        self.stderr = stderr


class Interrupted(KeyboardInterrupt):
    """Ctrl-C in the middle of something that goes on, or that stays half done; ``message`` says what."""

    exit_code = 130
    kind = "interrupted"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
