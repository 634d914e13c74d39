"""From an invocation to the pipeline's context."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.pipeline.context import Context
from extra_container.process import Runner

if TYPE_CHECKING:
    from extra_container.cli.invocation import Invocation
    from extra_container.model.errors import ExtraContainerError, PluginError
    from extra_container.model.events import Event
    from extra_container.model.origin import Origin
    from extra_container.model.values import Problem


@contextmanager
def open_context(invocation: Invocation, *, changes_machine: bool) -> Iterator[Context]:
    """Give the context for one command.

    A broken plugin of a third party is a warning for commands that only read. Raises :class:`.PluginError` for commands
    that change the machine, and for a broken plugin of our own; raises :class:`.HostError` on a host that no plugin
    knows.
    """
    messages = invocation.messages
    messages.open(changes_machine=changes_machine)

    def tolerate(error: PluginError) -> None:
        messages.event(_told(_warning(error)))

    hooks = invocation.plugins.hooks(None if changes_machine else tolerate)

    def observe(event: Event, origin: Origin) -> None:
        for error in hooks.observe(event, origin):
            messages.event(_told(_warning(error)))

    messages.plugin_at_work = lambda: hooks.at_work
    if hooks.observed:
        messages.add_follower(observe)
    messages.begin()
    for problem in invocation.plugins.problems(changes_machine=changes_machine):
        messages.event(_told(problem))
    # People who look on are not told of every program.
    follow = messages.follow if messages.followed else None
    progress = messages.progress()
    if progress is None:
        runner = Runner(environment=invocation.environment, notify=follow)
    else:
        from extra_container.progress.followed import FollowedRunner

        runner = FollowedRunner(progress=progress, environment=invocation.environment)
    host = hooks.detect_host(Path("/"), runner, invocation.options.host)
    context = Context(
        host=host,
        hooks=hooks,
        runner=runner,
        emit=messages.event,
        tell=messages.tell,
        follow=follow,
        progress=progress,
    )
    try:
        yield context
    except BaseException:  # what ended the command matters more
        for error in hooks.take_late():
            messages.event(_told(_warning(error)))
        raise
    _raise_late(hooks.take_late())


def _raise_late(errors: tuple[ExtraContainerError, ...]) -> None:
    """Raise the first of what went wrong in plugins after something was done, with the others in its text."""
    if errors:
        errors[0].message = "\n".join(error.message for error in errors)
        raise errors[0]


def _warning(error: ExtraContainerError) -> Problem:
    from extra_container.cli.plugin_policy import warning

    return warning(error)


def _told(problem: Problem) -> Event:
    from extra_container.model.events import ProblemFound

    return ProblemFound(problem=problem)
