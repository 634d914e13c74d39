"""Where an installed container came from: the request that built it, what was built, and where.

It is more than a path: a definition means what it means with its attribute, its nixpkgs, its working directory and its
``NIX_PATH``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from extra_container.model.frozen import dataclass
from extra_container.model.values import (
    Base,
    BaseKind,
    BuiltSource,
    Evaluation,
    ExpressionSource,
    FileSource,
    Request,
    Source,
)

if TYPE_CHECKING:
    from extra_container.model.values import BuiltContainer


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a definition was read: the working directory, and ``NIX_PATH``, None where it was not set."""

    directory: Path
    nix_path: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where one container came from.

    ``build`` is the store path of the build, ``unit`` and ``conf`` are the container's files in it. ``time`` is when it
    was installed, in seconds since the epoch. ``set_name`` is the set that it belongs to, None if to none. ``plugins``
    are those that took part, as ``NAME (PACKAGE VERSION)``. ``complete`` is false if the request had values of plugins
    that cannot be kept.
    """

    request: Request
    place: Place
    build: Path
    unit: Path
    conf: Path
    time: float
    set_name: str | None = None
    plugins: tuple[str, ...] = ()
    complete: bool = True

    def is_of(self, unit: Path | None, conf: Path | None) -> bool:
        """Whether a container with that unit and conf is the one that was installed."""
        return (self.unit, self.conf) == (unit, conf)

    def key(self) -> tuple[object, ...]:
        """Return what is equal for containers whose definition can be evaluated together."""
        request = self.request
        options = tuple(sorted((name, repr(value)) for name, value in request.options.items()))
        return (
            *(request.source, request.attr_path, request.base, request.evaluation, request.build_args, request.only),
            options,
            *(self.place, self.complete),
        )


def describe(source: Source, attr_path: tuple[str, ...] = ()) -> str:
    """Return what people call a definition: its path or where its text came from, with the attribute."""
    name = source.origin if isinstance(source, ExpressionSource) else str(source.path)
    return f"{name} -A {'.'.join(attr_path)}" if attr_path else name


def of(
    request: Request,
    container: BuiltContainer,
    build: Path,
    place: Place,
    *,
    time: float,
    plugins: tuple[str, ...],
) -> Provenance:
    """Return where a container comes from that was built by a request; of sets it says nothing. Pure."""
    kept = {name: value for name, value in request.options.items() if _is_plain(value)}
    return Provenance(
        request=Request(
            command="create",
            source=request.source,
            attr_path=request.attr_path,
            base=request.base,
            evaluation=request.evaluation,
            build_args=request.build_args,
            only=request.only,
            options=kept,
        ),
        place=place,
        build=build,
        unit=container.unit,
        conf=container.conf,
        time=time,
        plugins=plugins,
        complete=len(kept) == len(request.options),
    )


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, bool | int | float | str)


def as_json(one: Provenance) -> dict[str, object]:
    """Return it as JSON value. Pure."""
    request = one.request
    return {
        "source": _source_as_json(request.source),
        "attribute": list(request.attr_path),
        "base": [request.base.kind.value, request.base.expression, request.base.option],
        "evaluation": request.evaluation.value,
        "build_args": list(request.build_args),
        "only": list(request.only),
        "options": dict(request.options),
        "complete": one.complete,
        "directory": str(one.place.directory),
        "nix_path": one.place.nix_path,
        "build": str(one.build),
        "unit": str(one.unit),
        "conf": str(one.conf),
        "time": one.time,
        "set": one.set_name,
        "plugins": list(one.plugins),
    }


def from_json(entry: Mapping[str, Any]) -> Provenance:
    """Return what :func:`as_json` made a value of.

    Raises ValueError, KeyError or TypeError for any other value.
    """
    kind, expression, option = entry["base"]
    return Provenance(
        request=Request(
            command="create",
            source=_source_from_json(entry["source"]),
            attr_path=tuple(map(str, entry["attribute"])),
            base=Base(kind=BaseKind(kind), expression=str(expression), option=str(option)),
            evaluation=Evaluation(entry["evaluation"]),
            build_args=tuple(map(str, entry["build_args"])),
            only=tuple(map(str, entry.get("only", ()))),
            options=dict(entry["options"]),
        ),
        place=Place(directory=Path(entry["directory"]), nix_path=cast("str | None", entry["nix_path"])),
        build=Path(entry["build"]),
        unit=Path(entry["unit"]),
        conf=Path(entry["conf"]),
        time=float(entry["time"]),
        set_name=cast("str | None", entry.get("set")),
        plugins=tuple(map(str, entry["plugins"])),
        complete=bool(entry["complete"]),
    )


def _source_as_json(source: Source) -> dict[str, str]:
    match source:
        case ExpressionSource(text=text, origin=origin):
            return {"kind": "expression", "text": text, "origin": origin}
        case FileSource(path=path):
            return {"kind": "file", "path": str(path)}
        case BuiltSource(path=path):
            return {"kind": "build", "path": str(path)}


def _source_from_json(entry: Mapping[str, str]) -> Source:
    match entry["kind"]:
        case "expression":
            return ExpressionSource(text=entry["text"], origin=entry["origin"])
        case "file":
            return FileSource(path=Path(entry["path"]))
        case "build":
            return BuiltSource(path=Path(entry["path"]))
        case kind:
            raise ValueError(kind)
