"""Going back to a generation: it is installed as any build is, and nothing is evaluated, built or fetched for that."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from extra_container.generations import store
from extra_container.model import events, layout
from extra_container.model.errors import HostError, UsageError
from extra_container.model.values import BuildResult, BuiltSource, Problem, Request, Severity
from extra_container.nix import build_output
from extra_container.nix import store as nix_store
from extra_container.pipeline.context import Context, report
from extra_container.state import text_file

if TYPE_CHECKING:
    from pathlib import Path

    from extra_container.generations.values import Generation, History
    from extra_container.model.plans import InstallPlan
    from extra_container.model.values import Installed


class BeforeChange(Protocol):
    """What is known when nothing has changed yet: :class:`.create.Outlook` has it, and more."""

    @property
    def present(self) -> Installed:
        """The installed containers."""

    @property
    def plan(self) -> InstallPlan:
        """What is to be installed."""


class OvertakenError(Exception):
    """Another run has changed what to go back to."""


def request_for(one: Generation, *, start: bool = False, command: str = "rollback") -> Request:
    """Return the request that brings a generation back: running containers are updated or restarted. Pure.

    With ``start`` it runs afterwards, whatever it does before.
    """
    return Request(command=command, source=BuiltSource(path=one.system or one.conf), start=start, update_changed=True)


def built(one: Generation, request: Request, context: Context) -> BuildResult:
    """Return a generation as the build that it came from.

    Raises :class:`.HostError` if parts of it are not in the store any more, and what the checks of a request raise.
    """
    lost = [path for path in (one.unit, one.conf, one.system) if path is not None and not os.path.lexists(path)]
    if lost:
        raise HostError(
            f"Generation {one.number} of {one.container} is not whole any more: {lost[0]} is gone",
            hint=f"Nothing was changed. `extra-container generations {one.container}` shows the others.",
        )
    report(context.hooks.check_request(request, context.host), context, UsageError)
    container = build_output.container(
        one.container,
        unit=one.unit,
        conf=one.conf,
        conf_directory=layout.conf_directory_of(_text(one.unit)),
        pulled_in_by=one.pulled_in_by or (),
        store=nix_store.store(context.runner),
    )
    path = one.unit.parent if one.provenance is None else one.provenance.build
    return BuildResult(path=path, containers=(container,))


def _text(unit: Path) -> str:
    try:
        return text_file.read(unit, errors="replace")
    except OSError:
        return ""  # it is masked; what else is wrong with it is told by whoever needs it


def holding(
    one: Generation, choose: Callable[[History], Generation], context: Context
) -> Callable[[BeforeChange], None]:
    """Return what raises :class:`OvertakenError` under the lock if another generation would be chosen there.

    It also warns of what going back does to the container's data.
    """

    def check(outlook: BeforeChange) -> None:
        present = outlook.present.get(one.container)
        if choose(store.of(one.container, present, context.host)).number != one.number:
            raise OvertakenError
        [item] = outlook.plan.items
        if present is not None and present.root != item.container.root:
            message = (
                f"{one.container} keeps its data in {item.container.root} with generation {one.number}; "
                f"what is in {present.root} stays there"
            )
            context.emit(events.ProblemFound(problem=Problem(message=message, severity=Severity.WARNING)))

    return check
