"""The values that one stage of the pipeline hands to the next.

``Request -> Definition -> BuildResult -> InstallPlan -> RunPlan -> RunState``. All of them are frozen; a stage never
changes what it was given. The modules of this folder import nothing else of the project.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from extra_container.model import layout
from extra_container.model.frozen import dataclass, field
from extra_container.model.known import KnownBuild, KnownContainer

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"


def _empty() -> Mapping[str, object]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionSource:
    """A definition given as text: ``--expr`` or stdin."""

    text: str
    origin: str  # how messages name it: "--expr" or "stdin"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSource:
    """A definition in a file, or in a directory with ``default.nix``; the path is absolute."""

    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltSource:
    """A finished build: a NixOS system or an ``etc`` derivation; the path is absolute and holds ``etc/``."""

    path: Path


Source: TypeAlias = ExpressionSource | FileSource | BuiltSource


class BaseKind(Enum):
    """Which NixOS module tree evaluates the definition."""

    DEFAULT = "default"  # <nixpkgs/nixos> if NIX_PATH has it, else the built-in host base
    NIXPKGS = "nixpkgs"  # a path to nixpkgs, given as Nix expression
    NIXOS = "nixos"  # a path to the `nixos` folder of nixpkgs, given as Nix expression
    HOST = "host"  # the built-in host base


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The choice of the module tree.

    ``expression`` is Nix text for ``NIXPKGS`` and ``NIXOS``, else empty. ``option`` is how messages name the choice.
    """

    kind: BaseKind = BaseKind.DEFAULT
    expression: str = ""
    option: str = ""


class Evaluation(Enum):
    """How much of NixOS evaluates the host's part of a definition."""

    AUTO = "auto"  # small, and full where the tree lacks something that small needs
    SMALL = "small"  # only the container module
    FULL = "full"  # all modules of NixOS


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call of a command that works on a definition.

    ``only`` are the containers that are wanted of the definition's, none stands for all. With ``rollback_on_failure``,
    what fails goes back to what was healthy. ``record`` is whether an evaluation that can change nothing is left out.
    ``set_name`` is the set that the containers are to belong to, None if they stay in theirs; with ``prune``, those of
    the set that the definition does not have are destroyed, and with ``keep_data`` their data stays. ``options`` holds
    the values of the arguments that plugins added to the command, by argparse's ``dest``, ``command_options`` those of
    the command itself that no other field stands for. ``without_effect`` are options of plugins that are about a build,
    where the source is a finished one.
    """

    command: str
    source: Source
    attr_path: tuple[str, ...] = ()
    base: Base = Base()
    evaluation: Evaluation = Evaluation.AUTO
    build_args: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    start: bool = False
    update_changed: bool = False
    restart_changed: bool = False
    keep_failed: bool = False
    rollback_on_failure: bool = False
    record: bool = True
    set_name: str | None = None
    prune: bool = False
    keep_data: bool = False
    options: Mapping[str, object] = field(default_factory=_empty)
    command_options: Mapping[str, object] = field(default_factory=_empty)
    without_effect: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildInputs:
    """What a plugin adds to the evaluation.

    ``modules`` are absolute paths of NixOS modules of the host part. ``values`` reach every module as
    ``extraContainer.inputs.NAME`` (Nix) and must be JSON values; two plugins must not set the same name. ``of_machine``
    are the names of values that depend on the machine that gets the containers: if that is another one, its own plugins
    say what they are.
    """

    modules: tuple[Path, ...] = ()
    values: Mapping[str, JSON] = field(default_factory=lambda: MappingProxyType({}))
    of_machine: frozenset[str] = frozenset()


class Severity(Enum):
    """How bad a :class:`Problem` is."""

    WARNING = "warning"
    ERROR = "error"


class ProblemKind(Enum):
    """What a :class:`Problem` is about, which decides the exit code of a command that it ends."""

    USAGE = "usage"  # the command line
    DEFINITION = "definition"  # the definition asks for what cannot be
    HOST = "host"  # the host lacks something
    POLICY = "policy"  # it could be done, and is not allowed here


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something a check found. An ``ERROR`` ends the command before it changes anything.

    ``kind`` is what it is about: without it, the command line for what is found before the build, and the host for
    what is found afterwards. ``plugin`` is the plugin that found it, which its caller notes.
    """

    message: str
    hint: str | None = None
    severity: Severity = Severity.ERROR
    kind: ProblemKind | None = None
    plugin: str | None = field(default=None, compare=False)


Problems: TypeAlias = tuple[Problem, ...]
# What carries a command line out somewhere and returns its exit code.
CarryOut: TypeAlias = Callable[[], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A request together with everything that evaluation needs.

    ``kernel_release`` is that of the machine that gets the containers, and so is ``system``, empty for the one that
    evaluates. ``only`` names the containers to evaluate, None stands for all. ``evaluated`` is a JSON file with what
    other processes found, by container.
    """

    source: Source
    attr_path: tuple[str, ...] = ()
    base: Base = Base()
    evaluation: Evaluation = Evaluation.AUTO
    build_args: tuple[str, ...] = ()
    inputs: BuildInputs = BuildInputs()
    kernel_release: str = ""
    system: str = ""
    only: tuple[str, ...] | None = None
    evaluated: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltContainer(KnownBuild):
    """One container of a build.

    ``unit`` and ``conf`` are the files in the store (links resolved). ``conf_directory`` is where the built unit
    reads its conf (``/etc/nixos-containers``, or ``/etc/containers`` for NixOS before 22.05), ``root`` the directory
    that becomes the container's ``/``. ``settings`` are the parsed assignments of the conf. ``pulled_in_by`` are the
    directories, as ``app.service.requires``, whose links make systemd start the container along with another unit.
    ``restart_triggers`` are the words of the unit's ``X-Restart-Triggers``, whose line may name a file with them.
    """

    name: str
    unit: Path
    conf: Path
    unit_text: str
    conf_text: str
    conf_directory: Path
    root: Path
    settings: Mapping[str, str]
    pulled_in_by: tuple[str, ...] = ()
    restart_triggers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildResult:
    """A build with its containers, sorted by name. ``path`` holds ``etc/``."""

    path: Path
    containers: tuple[BuiltContainer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledContainer(KnownContainer):
    """A container that this tool, or the bash tool before it, installed: known by its two GC roots.

    ``unit_link`` and ``conf_link`` are the links outside the store. ``unit`` and ``conf`` are the files in the store
    they point to, ``None`` where a link is gone; ``unit_text`` and ``conf_text`` their contents, empty where they
    cannot be read. ``wants_link`` starts the container with the host and need not exist. ``pulled_in_by`` are the
    directories beside the unit link that have a link to it, and ``restart_triggers`` the words of the installed unit,
    as in :class:`BuiltContainer`.
    """

    name: str
    unit_link: Path
    conf_link: Path
    unit: Path | None
    conf: Path | None
    unit_text: str
    conf_text: str
    settings: Mapping[str, str]
    auto_started: bool
    pulled_in_by: tuple[str, ...] = ()
    restart_triggers: tuple[str, ...] = ()

    @property
    def wants_link(self) -> Path:
        """The link that makes ``machines.target`` start the container."""
        return layout.wants_link(self.unit_link)

    @property
    def pulling_links(self) -> frozenset[Path]:
        """The links that start the container along with another unit, the one of ``machines.target`` included."""
        own = {self.wants_link} if self.auto_started else set()
        return frozenset(own | {layout.pulling_link(self.unit_link, directory) for directory in self.pulled_in_by})

    @property
    def root(self) -> Path:
        """The directory that is the container's ``/``."""
        return layout.container_root(self.unit_text, self.conf_link.parent, self.name)


Installed: TypeAlias = Mapping[str, InstalledContainer]


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeDirectory:
    """Create a directory, and its parents with mode 0755, unless it exists."""

    path: Path
    mode: int = 0o755


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Make ``path`` a symbolic link to ``target``, replacing a link or file that stands there, atomically."""

    path: Path
    target: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove:
    """Remove a link or file; nothing there is fine."""

    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveTree:
    """Remove a directory with all below it, never following a link nor crossing a mount out of it."""

    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteFile:
    """Make ``path`` a regular file of root's with this text, replacing a link or file that stands there, atomically."""

    path: Path
    text: str
    mode: int = 0o644


FileOp: TypeAlias = MakeDirectory | Link | WriteFile | Remove | RemoveTree
FileOps: TypeAlias = tuple[FileOp, ...]
