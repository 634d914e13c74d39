"""Telling people of what is amiss."""

from __future__ import annotations

from collections.abc import Callable

from extra_container.plugin import Problem, Severity, events
from extra_container.plugin_command import Context


def restart_of(name: str, context: Context) -> str:
    """Return what is to be said of the restart of a container whose data is replaced."""
    return "" if context.host.manager.states((name,))[name].at_rest else "; it runs, and would be restarted"


def warner(context: Context) -> Callable[[str], None]:
    """Return what tells of a problem that keeps nobody from going on."""

    def warn(message: str) -> None:
        context.emit(events.ProblemFound(problem=Problem(message=message, severity=Severity.WARNING)))

    return warn
