"""What Nix knows of store paths: their sizes, and what they refer to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from extra_container.json_text import loads
from extra_container.model.errors import ProcessError
from extra_container.model.frozen import dataclass

if TYPE_CHECKING:
    from extra_container.process import Runner


@dataclass(frozen=True, slots=True, kw_only=True)
class PathInfo:
    """One store path: the bytes of its archive (NAR), and the store paths that it refers to, perhaps itself."""

    size: int
    references: tuple[str, ...]


def of_closures(paths: Iterable[str], runner: Runner) -> Mapping[str, PathInfo]:
    """Return all store paths in the closures of some, by path.

    Raises :class:`.ProcessError` if Nix does not know one of them, and ValueError if it answers in an unknown way.
    """
    wanted = sorted(set(paths))
    if not wanted:
        return {}
    argv = ["nix", "--extra-experimental-features", "nix-command", "path-info", "--recursive", "--json"]
    try:
        answer = runner.run([*argv, *wanted]).stdout
    except ProcessError:
        # Nix has announced to ask for a version of the format one day, which those before 2.33 do not understand.
        answer = runner.run([*argv, "--json-format", "2", *wanted]).stdout
    return parse(answer)


def parse(text: str) -> Mapping[str, PathInfo]:
    """Return what ``nix path-info --json`` printed, by path.

    It is a list of objects with ``path`` before Nix 2.19, an object by path since then, and by base name below ``info``
    in version 2 of the format. Source: release notes of Nix 2.19 and 2.33. Raises ValueError for anything else.
    """
    try:
        return _parsed(loads(text))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"nix path-info answers in an unknown way: {error!r}") from error


def _parsed(document: object) -> Mapping[str, PathInfo]:
    match document:
        case list():
            return {entry["path"]: _info(entry, "") for entry in document}
        case {"info": dict(entries), "storeDir": str(store)}:
            return {f"{store}/{name}": _info(entry, f"{store}/") for name, entry in entries.items()}
        case dict():
            return {path: _info(entry, "") for path, entry in document.items()}
        case _:
            raise TypeError(type(document).__name__)


def _info(entry: Mapping[str, object], before: str) -> PathInfo:
    match entry:
        case {"narSize": int(size), "references": list(references)}:
            return PathInfo(size=size, references=tuple(f"{before}{name}" for name in references))
        case _:
            raise TypeError("a path without size or references")


def closure(roots: Iterable[str], references: Callable[[str], Iterable[str]]) -> set[str]:
    """Return store paths with all that they refer to, also by others; ``references`` are those of one path. Pure."""
    found: set[str] = set()
    left = list(roots)
    while left:
        path = left.pop()
        if path not in found:
            found.add(path)
            left += references(path)
    return found
