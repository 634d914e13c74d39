"""The result document, version 1: what stands in ``docs/result.schema.json``.

Within a version it may gain fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING

from extra_container.model.frozen import dataclass, field

if TYPE_CHECKING:
    from extra_container.model.plans import Change, Left

VERSION = 1


class State(Enum):
    """What a container does after the command, in the words of ``status``."""

    UP = "up"
    STARTING = "starting"
    RESTARTING = "restarting"  # it failed, and the manager tries again
    STOPPING = "stopping"
    FAILED = "failed"
    DOWN = "down"
    GONE = "gone"  # it is not installed


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What was done to a container, also in vain: install, start, update, stop, destroy, or what a plugin does.

    ``seconds`` are those of all containers that it was done to together, but of an update they are the container's own.
    ``about`` says more: of a backup ``path`` and ``size`` in bytes, of a copy ``source``, ``target`` and the number of
    ``files``, of limits the settings of the unit.
    """

    action: str
    seconds: float
    about: Mapping[str, str | int] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What went wrong; ``kind`` is the kind of failure, as in the man page, ``details`` what was said last."""

    kind: str
    message: str
    hint: str | None = None
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """What people are warned of."""

    message: str
    hint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What was built.

    ``path`` holds the containers' units, ``derivation`` is there if it was only evaluated. ``evaluation`` is the way of
    it, ``small`` or ``full``; ``skipped`` is whether neither evaluation nor build took place: nothing has changed.
    """

    path: str | None = None
    derivation: str | None = None
    evaluation: str | None = None
    skipped: bool = False
    evaluate_seconds: float | None = None
    build_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """What came of one container.

    ``asked`` is what the command line asks for, ``change`` how the definition differs from what was installed, null
    where none is looked at. ``changed`` is whether anything was done to it. ``state`` and ``address`` are those after
    the command, null if they cannot be known. ``left`` is what became of it after an error.
    """

    name: str
    asked: tuple[str, ...]
    change: Change | None
    changed: bool
    actions: tuple[Action, ...]
    state: State | None
    address: str | None
    error: Trouble | None
    left: Left | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a command. ``code`` is its exit code, ``run`` the id that its lines in the log have, too."""

    schema: int
    command: str
    run: str
    code: int
    seconds: float
    build: Built | None
    containers: tuple[Container, ...]
    warnings: tuple[Warned, ...]
    error: Trouble | None
