"""Events of what is done to containers beside running them: to their data, their limits and their generations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from extra_container.model.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StateReplaced:
    """A container's data is other data: none after ``reset``, that of a backup after ``restore``."""

    kind: ClassVar[str] = "container.state_replaced"
    name: str
    command: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesCopied:
    """So many files were copied; ``names`` are the containers among ``source`` and ``target`` (``NAME:PATH``)."""

    kind: ClassVar[str] = "files.copied"
    names: tuple[str, ...]
    source: str
    target: str
    files: int
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupWritten:
    """A container's data is in a file, whole and on the disk; ``size`` is that of the file in bytes."""

    kind: ClassVar[str] = "container.backed_up"
    name: str
    path: str
    size: int
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsChanged:
    """A container may use more or less than before; ``limits`` are settings of its unit, none if its own hold again."""

    kind: ClassVar[str] = "container.limits_changed"
    name: str
    limits: Mapping[str, str]
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationSelected:
    """A container is an earlier generation again; ``before`` is what was installed before, None if it was none."""

    kind: ClassVar[str] = "container.generation_selected"
    name: str
    generation: int
    before: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationsRemoved:
    """Generations of a container are gone; what nothing else keeps may be collected."""

    kind: ClassVar[str] = "container.generations_removed"
    name: str
    generations: tuple[int, ...]
