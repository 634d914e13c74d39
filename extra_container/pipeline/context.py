"""What every stage of the pipeline works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from extra_container.model.errors import ExtraContainerError, HostError

if TYPE_CHECKING:
    from extra_container.hooks.facade import Hooks
    from extra_container.model import events
    from extra_container.model.host import Host
    from extra_container.model.values import Problems
    from extra_container.process import Runner


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What every stage works with: the host, the plugins' hooks, the runner, and where events go.

    ``tell`` receives lines that Nix prints for people.
    """

    host: Host
    hooks: Hooks
    runner: Runner
    emit: Callable[[events.Event], None]
    tell: Callable[[str], None]


def report(problems: Problems, context: Context, error: type[ExtraContainerError] = HostError) -> None:
    """Tell of all warnings, then raise ``error`` for the first problem that is one."""
    if not problems:
        return
    from extra_container.model import events
    from extra_container.model.values import Severity

    for problem in problems:
        if problem.severity is Severity.WARNING:
            context.emit(events.ProblemFound(problem=problem))
    for problem in problems:
        if problem.severity is Severity.ERROR:
            raise error(problem.message, hint=problem.hint)
