"""Before anything is brought anywhere: which machines answer, and whether they are fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from extra_container.plugin import ExtraContainerError, Runner, UnreachableError, wait_for
from extra_container_remote import target as targets
from extra_container_remote.about import comparing

if TYPE_CHECKING:
    from typing import Protocol

    from extra_container_remote.about.comparing import Needs
    from extra_container_remote.about.values import About
    from extra_container_remote.arguments import Wish

    class Messages(Protocol):
        """Where warnings go."""

        def warn(self, message: str, hint: str | None = None) -> None:
            """Tell of something that is amiss."""


def look_at_all(
    wish: Wish, needs: Needs, runner: Runner, messages: Messages, connection: Sequence[str] = ()
) -> Mapping[str, About | ExtraContainerError]:
    """Return what is known of each machine, or why it is not used; differences are told that are no obstacle.

    Raises the error of the first machine that is not fit, so that nothing was done anywhere; with ``skip_offline`` one
    that cannot be reached is left out instead.
    """
    with ThreadPoolExecutor(wish.parallel) as pool, runner.together() as crew:
        futures = {name: pool.submit(_look, name, needs, crew, connection) for name in wish.targets}
        found = {name: wait_for(future) for name, future in futures.items()}
    for error in found.values():
        if isinstance(error, ExtraContainerError) and not (wish.skip_offline and isinstance(error, UnreachableError)):
            raise error
    for name, known in found.items():
        if isinstance(known, ExtraContainerError):
            messages.warn(known.message, known.hint)
            continue
        for difference in comparing.differences(needs, known, name):
            messages.warn(difference)
    return found


def _look(name: str, needs: Needs, runner: Runner, connection: Sequence[str]) -> About | ExtraContainerError:
    try:
        found = targets.look(name, runner, connection)
        comparing.require(needs, found, name)
    except ExtraContainerError as error:
        return error
    return found
