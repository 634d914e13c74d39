"""What a host plugin provides, and what definitions have to know: where things are, and the manager of containers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from extra_container.model import layout
from extra_container.model.frozen import dataclass

if TYPE_CHECKING:
    from extra_container.model.plans import Failure
    from extra_container.model.values import JSON

RUNTIME_DIRECTORY = Path("/run/extra-container")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What an evaluation has to know of the machine that gets the containers.

    ``kernel_release`` is as ``uname -r`` has it: interface names of containers depend on it. ``system`` is what Nix
    calls its kind, as ``x86_64-linux``. ``values`` are those of :attr:`.BuildInputs.of_machine`.
    """

    kernel_release: str
    system: str
    values: Mapping[str, JSON]


class ActiveState(Enum):
    """systemd's ``ActiveState`` (org.freedesktop.systemd1(5))."""

    ACTIVE = "active"
    RELOADING = "reloading"
    INACTIVE = "inactive"
    FAILED = "failed"
    ACTIVATING = "activating"
    DEACTIVATING = "deactivating"
    MAINTENANCE = "maintenance"
    REFRESHING = "refreshing"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitState:
    """What the manager says of a container's unit.

    ``loaded`` is false for a unit that the manager does not know, ``fragment`` is the unit file it uses. ``started`` is
    when the last start began, in seconds of the monotonic clock; 0 where the manager does not know. ``failing`` is
    whether it failed and the manager tries again by itself.
    """

    name: str
    active: ActiveState
    loaded: bool = True
    fragment: Path | None = None
    result: str = "success"
    started: float = 0.0
    failing: bool = False

    @property
    def up(self) -> bool:
        """Whether the container has booted."""
        return self.active in {ActiveState.ACTIVE, ActiveState.RELOADING, ActiveState.REFRESHING}

    @property
    def at_rest(self) -> bool:
        """Whether nothing of the container runs and no job is on the way."""
        return self.active in {ActiveState.INACTIVE, ActiveState.FAILED}


class Manager(Protocol):
    """Runs container units: systemd, or whatever stands in for it.

    All methods take container names, not unit names. Whoever calls them has checked the names.
    """

    def states(self, names: Sequence[str]) -> Mapping[str, UnitState]:
        """Return the state of each name; an unknown one is inactive and not loaded."""
        ...

    def reload(self) -> None:
        """Read the unit files again (``systemctl daemon-reload``)."""
        ...

    def start(self, names: Sequence[str]) -> tuple[Failure, ...]:
        """Start the containers together and wait until each has booted or failed; return those that failed."""
        ...

    def stop(self, names: Sequence[str]) -> tuple[Failure, ...]:
        """Shut the containers down together and wait until each is really gone; return those that are not.

        Gone means: no process, and nobody (machined included) knows the machine any more. A container that does
        not run is gone.
        """
        ...

    def kill(self, names: Sequence[str]) -> tuple[Failure, ...]:
        """Like :meth:`stop`, but at once: the containers' processes are killed."""
        ...

    def forget(self, names: Sequence[str]) -> None:
        """Drop what is remembered of failed runs (``systemctl reset-failed``)."""
        ...

    def leader(self, name: str) -> int | None:
        """Return the host's PID of the container's PID 1, ``None`` if the container does not run."""
        ...

    def journal(self, name: str, lines: int) -> tuple[str, ...]:
        """Return the last lines that the container and its supervisor wrote."""
        ...

    def login_argv(self, name: str) -> tuple[str, ...]:
        """Return the command that opens a login prompt.

        Raises :class:`.HostError` where the host has none.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitChanges:
    """What changed of containers' units on the disk, or may have changed since the manager last read them.

    ``names`` are containers whose unit is another one, or is gone. ``links`` are the installed units of containers that
    were changed or are to be run, ``pulling`` is whether links that start a unit along with another one are concerned.
    """

    names: tuple[str, ...]
    links: Mapping[str, Path]
    pulling: bool = False


@runtime_checkable
class SelectiveManager(Protocol):
    """A :class:`Manager` that can tell when it need not read all unit files again; others do so after every change."""

    def reload_for(self, changes: UnitChanges) -> None:
        """Do what :meth:`Manager.reload` does if changes of units would not be seen otherwise."""
        ...


@runtime_checkable
class AskedTogether(Protocol):
    """A :class:`Manager` that can be asked for many containers at once."""

    def leaders(self, names: Sequence[str]) -> Mapping[str, int | None]:
        """Return what :meth:`Manager.leader` returns for each name."""
        ...


@runtime_checkable
class Restarting(Protocol):
    """A :class:`Manager` that starts each of several containers as soon as that has stopped.

    Who wants to do something in between, or whose plugins do, calls :meth:`Manager.stop` and :meth:`Manager.start`.
    """

    def restart(self, names: Sequence[str]) -> tuple[Sequence[str], Sequence[Failure]]:
        """Shut containers down and start them, and wait until each has booted or failed.

        Returns those that it leaves to the caller, to be stopped and started, and what failed of the others.
        """
        ...


@runtime_checkable
class Glancing(Protocol):
    """A :class:`Manager` that finds out sooner whether containers are up than all else that it says of them."""

    def glance(self, names: Sequence[str]) -> Mapping[str, UnitState]:
        """Return what :meth:`Manager.states` does, but of a container that is up perhaps nothing more than that."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitDetails:
    """What a manager can say of a container's unit beside its state, for people who look.

    ``since`` is when it got into that state, in seconds since the epoch; None if nobody knows. ``leader`` is the host's
    PID of the container's PID 1, None if there is none. ``restarts`` is how often the manager started it again by
    itself since somebody asked for a start.
    """

    state: UnitState
    since: float | None = None
    leader: int | None = None
    restarts: int = 0


@runtime_checkable
class Describing(Protocol):
    """A :class:`Manager` that knows more of containers than their states, and tells it of many at once."""

    def describe(self, names: Sequence[str]) -> Mapping[str, UnitDetails]:
        """Return the details of each name."""
        ...


@runtime_checkable
class Journaled(Protocol):
    """A :class:`Manager` whose supervisors, and the consoles of containers, write to the host's journal."""

    def journal_options(self, name: str) -> tuple[str, ...]:
        """Return the options with which journalctl selects what they wrote of a container."""
        ...


@runtime_checkable
class Logged(Protocol):
    """A :class:`Manager` whose supervisors, and the consoles of containers, write into a file for each container."""

    def log_file(self, name: str) -> Path:
        """Return the file; it need not be there."""
        ...


def wrap_manager(manager: Manager, **methods: Callable[..., object]) -> Manager:
    """Return a manager that does what ``methods`` do by their names, and all else as ``manager`` does.

    It is of the same class, and can what that can beyond :class:`Manager`.
    """
    kind = type(manager)
    kept = {name: getattr(manager, name) for name in dir(kind) if not name.startswith("_")}
    if "restart" in kept and not methods.keys().isdisjoint({"start", "stop"}):
        kept["restart"] = lambda names: (names, ())  # who wraps a stop or a start is to see all of them
    members: dict[str, object] = {
        name: staticmethod(value) if callable(value) else value for name, value in {**kept, **methods}.items()
    }
    members["__slots__"] = ()
    members["__getattr__"] = lambda _self, name: getattr(manager, name)
    made: Manager = object.__new__(type(f"Wrapped{kind.__name__}", (kind,), members))
    return made


def describe(names: Sequence[str], manager: Manager) -> Mapping[str, UnitDetails]:
    """Return what a manager can say of each name; of others than :class:`Describing` ones it is state and leader."""
    if isinstance(manager, Describing):
        return manager.describe(names)
    states = manager.states(names)
    pids = leaders([name for name in names if not states[name].at_rest], manager)
    return {name: UnitDetails(state=states[name], leader=pids.get(name)) for name in names}


def leaders(names: Sequence[str], manager: Manager) -> Mapping[str, int | None]:
    """Return the PID of each container's PID 1, None for one that does not run."""
    if isinstance(manager, AskedTogether):
        return manager.leaders(names)
    return {name: manager.leader(name) for name in names}


def glance(names: Sequence[str], manager: Manager) -> Mapping[str, UnitState]:
    """Return the state of each name, for a caller who wants no more of those that are up."""
    return manager.glance(names) if isinstance(manager, Glancing) else manager.states(names)


def reload_for(changes: UnitChanges, manager: Manager) -> None:
    """Make a manager see changes of units."""
    if isinstance(manager, SelectiveManager):
        manager.reload_for(changes)
    else:
        manager.reload()


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A machine that containers can be installed on.

    ``name`` is what messages call the host; ``--host`` takes the name of the plugin that recognises it.
    ``unit_directory`` receives the unit links. ``conf_directory`` is where conf
    links go if the host fixes the place, ``None`` where the build decides. ``gc_roots`` is Nix' directory of
    indirect roots. ``auto_start`` says whether the host can start containers when it boots. ``runtime_directory`` holds
    what the program remembers until the next boot, ``state_directory`` what it remembers for longer;
    only root can write to them. ``root`` is the root of its file system.
    """

    name: str
    manager: Manager
    unit_directory: Path
    conf_directory: Path | None = None
    gc_roots: Path = layout.GC_ROOTS
    auto_start: bool = True
    runtime_directory: Path = RUNTIME_DIRECTORY
    state_directory: Path = Path("/var/lib/extra-container")
    cache_directory: Path = Path("/var/cache/extra-container")
    root: Path = Path("/")
