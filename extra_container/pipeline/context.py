"""What every stage of the pipeline works with."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from extra_container.model.errors import BuildError, ExtraContainerError, HostError, PolicyError, UsageError
from extra_container.model.frozen import dataclass

if TYPE_CHECKING:
    from extra_container.hooks.facade import Hooks
    from extra_container.model import events
    from extra_container.model.host import Host, Machine
    from extra_container.model.plans import Failure
    from extra_container.model.values import Problem, ProblemKind, Problems, Request
    from extra_container.process import Runner
    from extra_container.progress.followed import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What every stage works with: the host, the plugins' hooks, the runner, and where events go.

    ``tell`` receives lines that Nix prints for people. ``follow`` receives events that people are not told of: it is
    for who follows each step, ``None`` if nobody does. ``progress`` is who shows people what is waited for.
    ``request`` is what hooks are told that the user asked for, ``None`` where the command line has no definition.
    ``machine`` is the machine that definitions are evaluated for, ``None`` for this one.
    """

    host: Host
    hooks: Hooks
    runner: Runner
    emit: Callable[[events.Event], None]
    tell: Callable[[str], None]
    follow: Callable[[events.Event], None] | None = None
    progress: Progress | None = None
    request: Request | None = None
    machine: Machine | None = None

    def settings(self, plugin: str) -> Mapping[str, object]:
        """Return the table of a plugin in the files of settings, as its hooks get it; empty without one."""
        return self.hooks.settings_of(plugin)

    @contextmanager
    def lock(self, command: str) -> Iterator[None]:
        """Hold the machine's lock, without which nothing of containers is changed; others are told of ``command``.

        Raises :class:`.LockError` if another run holds it for too long, and :class:`.HostError` if there can be none.
        """
        from extra_container.state.lock import machine_lock

        with machine_lock(command, self.emit, self.host.runtime_directory):
            yield

    @contextmanager
    def phase(self, name: str, containers: Sequence[str] = ()) -> Iterator[None]:
        """Tell who follows each step, and show, that a phase, named as in :class:`.origin.Phase`, begins and ends."""
        with nullcontext() if self.progress is None else self.progress.phase(name, containers):
            if self.follow is None:
                yield
            else:
                with self._told(name, containers, self.follow):
                    yield

    @contextmanager
    def _told(self, name: str, containers: Sequence[str], follow: Callable[[events.Event], None]) -> Iterator[None]:
        from extra_container.model.events import PhaseFinished, PhaseStarted
        from extra_container.model.origin import Phase, PhaseEnd

        phase, names, end = Phase(name), tuple(containers), PhaseEnd.FAILED
        follow(PhaseStarted(phase=phase, containers=names))
        began = time.monotonic()
        try:
            yield
            end = PhaseEnd.DONE
        except KeyboardInterrupt:
            end = PhaseEnd.INTERRUPTED
            raise
        finally:
            follow(PhaseFinished(phase=phase, end=end, seconds=time.monotonic() - began, containers=names))

    def note(self, kind: str, names: Sequence[str]) -> None:
        """Tell who follows each step of an event that has nothing but names; ``kind`` is what the log calls it."""
        if self.follow is not None and names:
            from extra_container.model import events

            known = (events.Starting, events.ContainersStarted, events.Restarting, events.ContainersStopped)
            self.follow({event.kind: event for event in known}[kind](names=tuple(names)))

    def note_outcome(self, kind: str, wanted: Sequence[str], failures: Sequence[Failure]) -> None:
        """Do what :meth:`note` does for the containers that did not fail, and tell of each that did."""
        if self.follow is not None:
            from extra_container.model.events import ContainerFailed

            failed = {failure.name for failure in failures}
            self.note(kind, [name for name in wanted if name not in failed])
            for failure in failures:
                self.follow(ContainerFailed(failure=failure))


def report(problems: Problems, context: Context, error: type[ExtraContainerError] = HostError) -> None:
    """Tell of all warnings, then raise one error that tells of all problems that are none.

    It is of the kind of the first one: ``error`` where that says nothing of its kind. Who follows each step is told of
    each of them.
    """
    if not problems:
        return
    from extra_container.model import events
    from extra_container.model.values import Severity

    for problem in problems:
        if problem.severity is Severity.WARNING:
            context.emit(events.ProblemFound(problem=problem))
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if context.follow is not None:
        for problem in errors:
            context.follow(events.ProblemFound(problem=problem))  # people read the error
    if errors:
        raise _together(errors, error)


def _together(problems: Sequence[Problem], error: type[ExtraContainerError]) -> ExtraContainerError:
    first = problems[0]
    kind = error if first.kind is None else _error_of(first.kind)
    if len(problems) == 1:
        return kind(first.message, hint=first.hint)
    return kind("\n".join(f"{one.message} ({one.hint})" if one.hint else one.message for one in problems))


def _error_of(kind: ProblemKind) -> type[ExtraContainerError]:
    from extra_container.model.values import ProblemKind

    match kind:
        case ProblemKind.USAGE:
            return UsageError
        case ProblemKind.DEFINITION:
            return BuildError
        case ProblemKind.HOST:
            return HostError
        case ProblemKind.POLICY:
            return PolicyError
