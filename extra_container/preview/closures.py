"""How two closures differ: packages by name and version, with their sizes. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from extra_container.model.frozen import dataclass
from extra_container.nix.path_info import closure

if TYPE_CHECKING:
    from extra_container.nix.path_info import PathInfo

# Thirty-two letters and digits before the name. A version begins with a digit; what is behind it names one output of
# several. Source: Nix' own `parseDrvName`, and `nix store diff-closures` for outputs.
_BASE_NAME = re.compile(r"[0-9a-z]{32}-(.+)")
_VERSION = re.compile(r"(.+?)-(\d.*)")
_OUTPUT = re.compile(r"(.+)-(?:bin|debug|dev|devdoc|devman|doc|info|lib|lib32|lib64|man|out|static)")


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageChange:
    """One package that is not the same in both closures.

    ``before`` and ``after`` are its versions, sorted, empty where it is not; a name without a version has the version
    ``""``. The sizes are bytes. If the versions are the same, it was built in another way.
    """

    name: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    size_before: int
    size_after: int

    @property
    def rebuilt(self) -> bool:
        """Whether the versions are the same."""
        return self.before == self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureChange:
    """How a closure differs from an earlier one; the sizes are bytes, the packages sorted by name."""

    size_before: int
    size_after: int
    packages: tuple[PackageChange, ...]


def compare(before: Iterable[str], after: Iterable[str], known: Mapping[str, PathInfo]) -> ClosureChange:
    """Return how the closure of some store paths differs from that of others; ``known`` has what is in both."""
    one, other = (closure(roots, lambda path: known[path].references) for roots in (before, after))
    names: dict[str, tuple[set[str], set[str]]] = {}
    for number, paths in enumerate((one, other)):
        for path in paths:
            names.setdefault(_split(path)[0], (set(), set()))[number].add(path)
    packages = (_package(name, *sides, known) for name, sides in sorted(names.items()) if sides[0] != sides[1])
    return ClosureChange(size_before=_size(one, known), size_after=_size(other, known), packages=tuple(packages))


def _package(name: str, one: set[str], other: set[str], known: Mapping[str, PathInfo]) -> PackageChange:
    return PackageChange(
        name=name,
        before=_versions(one),
        after=_versions(other),
        size_before=_size(one, known),
        size_after=_size(other, known),
    )


def _versions(paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({_split(path)[1] for path in paths}))


def _split(path: str) -> tuple[str, str]:
    """Return the name and the version of a package, whatever its output."""
    base = path.rpartition("/")[2]
    named = _BASE_NAME.fullmatch(base)
    whole = named[1] if named else base
    versioned = _VERSION.fullmatch(whole)
    if versioned is None:
        return whole, ""
    name, version = versioned.groups()
    output = _OUTPUT.fullmatch(version)
    return name, output[1] if output else version


def _size(paths: Iterable[str], known: Mapping[str, PathInfo]) -> int:
    return sum(known[path].size for path in paths)
