"""From an invocation to the pipeline's context."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.cli.plugin_policy import warning
from extra_container.model.events import Event, ProblemFound
from extra_container.pipeline.context import Context
from extra_container.process import Runner

if TYPE_CHECKING:
    from extra_container.cli.invocation import Invocation
    from extra_container.model.errors import PluginError


@contextmanager
def open_context(invocation: Invocation, *, changes_machine: bool) -> Iterator[Context]:
    """Give the context for one command.

    A broken plugin of a third party is a warning for commands that only read. Raises :class:`.PluginError` for commands
    that change the machine, and for a broken plugin of our own; raises :class:`.HostError` on a host that no plugin
    knows.
    """
    messages = invocation.messages
    messages.open()

    def tolerate(error: PluginError) -> None:
        emit(ProblemFound(problem=warning(error)))

    hooks = invocation.plugins.hooks(None if changes_machine else tolerate)

    def emit(event: Event) -> None:
        messages.event(event)
        for error in hooks.observe(event):
            messages.event(ProblemFound(problem=warning(error)))

    for problem in invocation.plugins.problems(changes_machine=changes_machine):
        emit(ProblemFound(problem=problem))
    runner = Runner(environment=invocation.environment, notify=emit)
    host = hooks.detect_host(Path("/"), runner, invocation.options.host)
    yield Context(host=host, hooks=hooks, runner=runner, emit=emit, tell=messages.tell)
