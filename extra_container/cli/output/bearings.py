"""Where the events of one run come from: the phase, the plugin and the container are found out here, once for all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from extra_container.model import events, layout
from extra_container.model.origin import Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from extra_container.model.origin import Phase


class Bearings:
    """Keeps track of a run; ``plugin_at_work`` returns the plugin whose hook is being called, None if there is none."""

    def __init__(self, command: str, plugin_at_work: Callable[[], str | None]) -> None:
        self.run = os.urandom(16).hex()
        self._command = command
        self._plugin_at_work = plugin_at_work
        self._phases: list[Phase] = []

    def take(self, event: events.Event) -> Origin:
        """Return where an event comes from; every event of the run has to pass here, in order."""
        plugin = self._plugin_at_work()
        if isinstance(event, events.ProblemFound):
            plugin = event.problem.plugin or plugin
        if isinstance(event, events.PhaseStarted):
            self._phases.append(event.phase)
        origin = Origin(
            run=self.run,
            command=self._command,
            phase=self._phases[-1] if self._phases else None,
            plugin=plugin,
            container=only_container(event),
        )
        if isinstance(event, events.PhaseFinished):
            self._phases.pop()
        return origin


def containers_of(event: events.Event) -> tuple[str, ...]:
    """Return the containers that an event is about. Pure."""
    names: object = ()
    match event:
        case events.ContainerFailed(failure=failure):
            names = (failure.name,)
        case events.ContainerUpdated(name=name) | events.ContainerLeft(name=name):
            names = (name,)
        case events.InstallPlanned(plan=plan):
            names = tuple(item.name for item in plan.items)
        case events.ProcessFinished(argv=argv):
            names = _of_units(argv)
        case _:
            names = getattr(event, "names", None) or getattr(event, "containers", ())
    return names if isinstance(names, tuple) else ()


def only_container(event: events.Event) -> str | None:
    """Return the one container that an event is about, None for several or none. Pure."""
    found = containers_of(event)
    return found[0] if len(found) == 1 else None


def _of_units(argv: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for word in argv if (name := layout.container_of_unit(word)) is not None))
