"""A change is confirmed over a fresh connection: a machine that the change has cut off goes back by itself."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from extra_container.plugin import (
    ContainerError,
    RollbackError,
    RolledBackError,
    UnreachableError,
)
from extra_container_remote import calling, ssh
from extra_container_remote.target import failure

if TYPE_CHECKING:
    from extra_container_remote.bringing import Way

# A machine that went back may be reached again then, and tell of it.
_PATIENCE = 60.0
_PAUSE = 1.0


def confirm(name: str, job: str, seconds: float, way: Way) -> None:
    """Confirm what a job has changed on a machine, which goes back if that does not reach it within these seconds.

    Raises :class:`.RolledBackError` or :class:`.RollbackError` if it went back, and what keeps it from being reached.
    """
    end = time.monotonic() + seconds + _PATIENCE
    while True:
        words = ("extra-container", "job", "--confirm", job)
        answer = calling.call(name, words, way.voices, way.runner, ssh.FRESH)
        match answer.code:
            case 0:
                return
            case RolledBackError.exit_code:
                raise RolledBackError(
                    f"{name} went back to what was before: nobody confirmed the change within {seconds:g} s",
                    hint=f"Has it cut the way to {name}? --rollback-timeout gives more time.",
                )
            case RollbackError.exit_code:
                raise RollbackError(
                    f"{name} was to go back, since nobody confirmed the change within {seconds:g} s, and that failed",
                    hint=f"`ssh {name} extra-container status` shows what runs there.",
                )
            case ssh.FAILED if not ssh.is_offline(answer.last):
                raise failure(name, answer.last)
            case ssh.FAILED if time.monotonic() > end:
                raise UnreachableError(
                    f"{name} cannot be reached since the change: {ssh.reason(answer.last)}",
                    hint=f"It goes back by itself after {seconds:g} s.",
                )
            case ssh.FAILED:
                time.sleep(_PAUSE)
            case code:
                raise ContainerError(f"The change on {name} could not be confirmed (exit code {code})")
