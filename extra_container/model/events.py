"""What a run tells while it goes on.

The same events are printed for people, written to the structured log and handed to observing plugins. ``kind`` is the
event's name in the log: ``noun.verb_past``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeAlias

from extra_container.model.frozen import dataclass

# To plugins, one module has all events.
from extra_container.model.told.steps import CommandFailed as CommandFailed  # noqa: PLC0414
from extra_container.model.told.steps import CommandFinished as CommandFinished  # noqa: PLC0414
from extra_container.model.told.steps import CommandStarted as CommandStarted  # noqa: PLC0414
from extra_container.model.told.steps import LockAwaited as LockAwaited  # noqa: PLC0414
from extra_container.model.told.steps import OutputPrinted as OutputPrinted  # noqa: PLC0414
from extra_container.model.told.steps import PhaseFinished as PhaseFinished  # noqa: PLC0414
from extra_container.model.told.steps import PhaseStarted as PhaseStarted  # noqa: PLC0414
from extra_container.model.told.steps import ProcessFinished as ProcessFinished  # noqa: PLC0414
from extra_container.model.told.upkeep import BackupWritten as BackupWritten  # noqa: PLC0414
from extra_container.model.told.upkeep import FilesCopied as FilesCopied  # noqa: PLC0414
from extra_container.model.told.upkeep import GenerationSelected as GenerationSelected  # noqa: PLC0414
from extra_container.model.told.upkeep import GenerationsRemoved as GenerationsRemoved  # noqa: PLC0414
from extra_container.model.told.upkeep import LimitsChanged as LimitsChanged  # noqa: PLC0414
from extra_container.model.told.upkeep import StateReplaced as StateReplaced  # noqa: PLC0414

if TYPE_CHECKING:
    from extra_container.model.plans import Failure, InstallPlan, Left
    from extra_container.model.values import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildStarted:
    """Nix begins to build a definition."""

    kind: ClassVar[str] = "build.started"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildFinished:
    """A build is there; ``path`` is its store path, ``seconds`` what it took (0 if nothing was built)."""

    kind: ClassVar[str] = "build.finished"
    path: str
    containers: tuple[str, ...]
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildFailed:
    """A definition could not be evaluated or built.

    ``derivation``, ``reason`` and ``log`` (its last lines) are those of a build, ``None`` and empty if the evaluation
    failed.
    """

    kind: ClassVar[str] = "build.failed"
    message: str
    hint: str | None
    derivation: str | None = None
    reason: str | None = None
    log: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HostBaseChosen:
    """No nixpkgs was found, so the built-in host base evaluates the definition."""

    kind: ClassVar[str] = "host_base.chosen"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationFellBack:
    """The small evaluation failed for a reason that is not the definition's; the complete NixOS takes its place."""

    kind: ClassVar[str] = "evaluation.fell_back"
    missing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """A definition was evaluated; ``evaluation`` is ``small`` or ``full``."""

    kind: ClassVar[str] = "definition.evaluated"
    evaluation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationSkipped:
    """Neither evaluation nor build took place: all that an earlier evaluation could see is the same."""

    kind: ClassVar[str] = "evaluation.skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationRecorded:
    """It is written down what an evaluation saw; ``problem`` is why not, so that the next run evaluates again."""

    kind: ClassVar[str] = "evaluation.recorded"
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallPlanned:
    """It is known what will be installed; nothing has changed yet.

    ``behind`` are running containers that lack something which was installed earlier; ``unfinished`` are those of them
    that run what is installed, of which something failed.
    """

    kind: ClassVar[str] = "install.planned"
    plan: InstallPlan
    behind: tuple[str, ...] = ()
    unfinished: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainersInstalled:
    """Links and GC roots of the changed containers are in place."""

    kind: ClassVar[str] = "containers.installed"
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Starting:
    """Containers are being started together."""

    kind: ClassVar[str] = "containers.starting"
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainersStarted:
    """Containers have booted."""

    kind: ClassVar[str] = "containers.started"
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainersStopped:
    """Containers were shut down, or ended at once; nothing of them runs."""

    kind: ClassVar[str] = "containers.stopped"
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restarting:
    """Containers are being stopped and started again."""

    kind: ClassVar[str] = "containers.restarting"
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Updating:
    """Running containers are being switched to their new system."""

    kind: ClassVar[str] = "containers.updating"
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingToUpdate:
    """Containers that were to be updated or restarted do not run; they are installed only."""

    kind: ClassVar[str] = "containers.at_rest"
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerUpdated:
    """The switch of one container is over; ``code`` is that of ``switch-to-configuration`` (0 is success)."""

    kind: ClassVar[str] = "container.updated"
    name: str
    code: int
    output: tuple[str, ...]
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Destroying:
    """Containers are being stopped and removed."""

    kind: ClassVar[str] = "containers.destroying"
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainersDestroyed:
    """Nothing of the containers is left on the host."""

    kind: ClassVar[str] = "containers.destroyed"
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerFailed:
    """A container did not do what was asked."""

    kind: ClassVar[str] = "container.failed"
    failure: Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerLeft:
    """What became of a container that failed."""

    kind: ClassVar[str] = "container.left"
    name: str
    left: Left


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemFound:
    """A check has something to say."""

    kind: ClassVar[str] = "problem.found"
    problem: Problem


Event: TypeAlias = (
    BuildStarted
    | BuildFinished
    | BuildFailed
    | HostBaseChosen
    | EvaluationFellBack
    | Evaluated
    | EvaluationSkipped
    | EvaluationRecorded
    | InstallPlanned
    | ContainersInstalled
    | Starting
    | ContainersStarted
    | ContainersStopped
    | Restarting
    | Updating
    | NothingToUpdate
    | ContainerUpdated
    | Destroying
    | ContainersDestroyed
    | StateReplaced
    | FilesCopied
    | BackupWritten
    | LimitsChanged
    | GenerationSelected
    | GenerationsRemoved
    | ContainerFailed
    | ContainerLeft
    | ProblemFound
    | LockAwaited
    | CommandStarted
    | CommandFinished
    | CommandFailed
    | PhaseStarted
    | PhaseFinished
    | ProcessFinished
    | OutputPrinted
)
