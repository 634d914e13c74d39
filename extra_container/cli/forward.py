"""Unknown commands belong to ``nixos-container``, if the host has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from extra_container.cli.root import become_root
from extra_container.model.errors import UsageError
from extra_container.process import Runner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from extra_container.cli.invocation import Invocation


def forward(
    argv: list[str], invocation: Invocation, kept_variables: Callable[[], Sequence[str]], known: Iterable[str]
) -> NoReturn:
    """Become ``nixos-container`` with unchanged arguments; ``kept_variables`` see :func:`.become_root`.

    ``known`` are the commands that there are.

    Raises :class:`.UsageError` naming the command where the host does not have it.
    """
    runner = Runner(environment=invocation.environment)
    program = runner.look("nixos-container")
    if program is None:
        from extra_container.cli.grammar import nearest

        near = nearest.suggestion(argv[0], known)
        raise UsageError(
            f"Unknown command {argv[0]!r}",
            hint=f"{near}See `extra-container help`. The host has no nixos-container that could know it.",
        )
    become_root(invocation.argv, invocation.environment, kept_variables)
    runner.replace([program, *argv])
