"""From the command line's global options to the pipeline's context."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.cli import plugin_policy
from extra_container.model.events import Event, ProblemFound
from extra_container.pipeline.context import Context
from extra_container.process import Runner

if TYPE_CHECKING:
    from extra_container.cli.app import ExtraContainer
    from extra_container.model.errors import PluginError


@contextmanager
def open_context(app: ExtraContainer, *, changes_machine: bool) -> Iterator[Context]:
    """Give the context for one command.

    A broken plugin of a third party is a warning for commands that only read. Raises
    :class:`.PluginError` for commands that change the machine, and for a broken plugin of our
    own; raises :class:`.HostError` on a host that no plugin knows.
    """
    messages = app.messages

    def tolerate(error: PluginError) -> None:
        emit(ProblemFound(problem=plugin_policy.warning(error)))

    hooks = plugin_policy.make_hooks(app, None if changes_machine else tolerate)

    def emit(event: Event) -> None:
        messages.event(event)
        for error in hooks.observe(event):
            messages.event(ProblemFound(problem=plugin_policy.warning(error)))

    for problem in plugin_policy.judge(app, changes_machine=changes_machine):
        emit(ProblemFound(problem=problem))
    runner = Runner(environment=app.environment, notify=emit)
    host = hooks.detect_host(Path("/"), runner, app.options.host)
    yield Context(host=host, hooks=hooks, runner=runner, emit=emit, tell=messages.tell)
