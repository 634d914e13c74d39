"""The observer that makes the result document of the events of a run. Nothing is asked or changed here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from extra_container.cli.results.shape import VERSION, Action, Built, Container, Result, State, Trouble, Warned
from extra_container.model import events
from extra_container.model.errors import ContainerError
from extra_container.model.origin import Phase
from extra_container.model.values import Severity

if TYPE_CHECKING:
    from extra_container.model.origin import Origin
    from extra_container.model.plans import Change, Left

_OF_CONTAINERS = frozenset({Phase.START, Phase.STOP, Phase.DESTROY})


@dataclass(slots=True, kw_only=True)
class _One:
    """What is known of one container up to now; ``asked`` is there if it is not what is asked for all."""

    asked: tuple[str, ...] | None = None
    change: Change | None = None
    actions: list[Action] = field(default_factory=list)
    error: Trouble | None = None
    left: Left | None = None


class Collector:
    """Receives the events of a run, and knows what came of it.

    ``asked`` is what the command line asks for, of ``names`` and of all containers that events name.
    """

    def __init__(self, command: str, asked: Sequence[str], names: Sequence[str] = ()) -> None:
        self._command = command
        self._asked = tuple(asked)
        self._containers: dict[str, _One] = {name: _One() for name in names}
        self._installed: frozenset[str] = frozenset()
        self._build: Built | None = None
        self._warnings: list[Warned] = []
        self._error: Trouble | None = None
        self._run = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The containers that the command is about, as far as they are known."""
        return tuple(self._containers)

    def __call__(self, event: events.Event, origin: Origin) -> None:
        """Take an event into account; those that say nothing of the result are passed over."""
        self._run = origin.run
        match event:
            case events.ProblemFound(problem=problem) if problem.severity is Severity.WARNING:
                self._warnings.append(Warned(message=problem.message, hint=problem.hint))
            case events.CommandFailed(error=kind, message=message, hint=hint, details=details):
                log = details.get("log", ())
                said = tuple(map(str, log)) if isinstance(log, list | tuple) else ()
                self._error = Trouble(kind=kind, message=message, hint=hint, details=said)
            case events.PhaseFinished():
                self._phase(event)
            case _:
                self._take_of_build(event)
                self._take_of_containers(event)
                self._take_of_plugins(event)

    def derived(self, derivation: str) -> None:
        """Note the derivation of a definition that was only evaluated."""
        self._build = replace(self._build or Built(), derivation=derivation)

    def result(
        self, code: int, seconds: float, states: Mapping[str, State | None], addresses: Mapping[str, str | None]
    ) -> Result:
        """Return the document; ``states`` and ``addresses`` are those after the command."""
        containers = tuple(
            Container(
                name=name,
                asked=self._asked if one.asked is None else one.asked,
                change=one.change,
                changed=bool(one.actions),
                actions=tuple(one.actions),
                state=states.get(name),
                address=addresses.get(name),
                error=one.error,
                left=one.left,
            )
            for name, one in sorted(self._containers.items())
        )
        return Result(
            schema=VERSION,
            command=self._command,
            run=self._run,
            code=code,
            seconds=seconds,
            build=self._build,
            containers=containers,
            warnings=tuple(self._warnings),
            error=self._error,
        )

    def _one(self, name: str) -> _One:
        return self._containers.setdefault(name, _One())

    def _take_of_build(self, event: events.Event) -> None:
        match event:
            case events.BuildFinished(path=path, containers=names):
                self._build = replace(self._build or Built(), path=path)
                for name in names:
                    self._one(name)
            case events.Evaluated(evaluation=evaluation):
                self._build = replace(self._build or Built(), evaluation=evaluation)
            case events.EvaluationSkipped():
                self._build = replace(self._build or Built(), skipped=True)
            case _:
                return

    def _take_of_containers(self, event: events.Event) -> None:
        match event:
            case events.InstallPlanned(plan=plan):
                for item in plan.items:
                    self._one(item.name).change = item.change
            case events.ContainersInstalled(names=names):
                self._installed = frozenset(names)
            case events.Destroying(names=names):
                for name in names:
                    self._one(name).asked = ("destroy",)
            case events.ContainerUpdated(name=name, seconds=seconds):
                self._one(name).actions.append(Action(action="update", seconds=seconds))
            case events.ContainerFailed(failure=failure):
                self._one(failure.name).error = Trouble(
                    kind=ContainerError.kind,
                    message=failure.message,
                    hint=f"`extra-container logs {failure.name}` shows what it said.",
                    details=failure.details,
                )
            case events.ContainerLeft(name=name, left=left):
                self._one(name).left = left
            case _:
                return

    def _take_of_plugins(self, event: events.Event) -> None:
        match event:
            case events.StateReplaced(name=name, command=command, seconds=seconds):
                self._act(command, seconds, (name,))
            case events.BackupWritten(name=name, path=path, size=size, seconds=seconds):
                self._act("backup", seconds, (name,), {"path": path, "size": size})
            case events.FilesCopied(names=names, source=source, target=target, files=files, seconds=seconds):
                self._act("copy", seconds, names, {"source": source, "target": target, "files": files})
            case events.LimitsChanged(name=name, limits=limits, seconds=seconds):
                self._act("set-limit", seconds, (name,), {**limits})
            case _:
                return

    def _phase(self, event: events.PhaseFinished) -> None:
        match event.phase:
            case Phase.EVALUATE:
                self._build = replace(self._build or Built(), evaluate_seconds=event.seconds)
            case Phase.BUILD:
                self._build = replace(self._build or Built(), build_seconds=event.seconds)
            case Phase.INSTALL:
                self._act("install", event.seconds, self._installed)
                self._installed = frozenset()
            case phase if phase in _OF_CONTAINERS:
                self._act(phase.value, event.seconds, event.containers)
            case _:
                return  # of updates, each container has its own event

    def _act(
        self,
        action: str,
        seconds: float,
        names: Sequence[str] | frozenset[str],
        about: Mapping[str, str | int] = MappingProxyType({}),
    ) -> None:
        for name in names:
            self._one(name).actions.append(Action(action=action, seconds=seconds, about=about))
