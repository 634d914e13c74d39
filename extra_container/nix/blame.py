"""Whose fault a failed evaluation is: the definition's, a plugin's, or of what the small evaluation lacks."""

from __future__ import annotations

import re

from extra_container.model.values import Source
from extra_container.nix import place
from extra_container.nix.errors import NixError
from extra_container.nix.trace import Position

# What only a definition can get wrong, or what a complete NixOS would meet as well.
_OF_THE_USER = re.compile(
    r"The option `containers\.|Failed assertions|not a usable name|syntax error|undefined variable|"
    r"cannot build|unrecognised|unable to download|not found in the Nix search path"
)
_MISSING = re.compile(
    r"attribute '([^']+)' missing|The option `([^']+)' does not exist|path '([^']+)' does not exist|"
    r"The module (\S+), imported in "
)
# Paths as Nix shows them: in quotes, in a list of the search path, or where a place stands.
_PATHS = re.compile(r"[`'\"\u2018](/[^`'\"\u2018\u2019\n]+)['\"\u2019]|\bat (/\S+?):\d+:\d+")
# What is said of an option is said of who declares or sets it, who is named, and not of who reads it.
_OF_OPTIONS = re.compile(r"(?:The|A definition for) option |Failed assertions")
_CONTAINER_MODULE = re.compile(r"/nixos/modules/virtualisation/(?:nixos-)?containers\.nix")
_MODULE = re.compile(r"/nixos/modules/[^\s']+\.nix")


def lacking(error: NixError, source: Source) -> str | None:
    """Return what the tree seems to lack if an evaluation failed for a reason that is not known as the definition's.

    That is the missing attribute or option, else the error's first line; ``None`` if the definition is to blame.
    """
    blamed = _OF_THE_USER.search(error.reason) or any(name in error.reason for name in place.own_names(source))
    if error.final or blamed or (_is_inside(error) and not _CONTAINER_MODULE.search(error.reason)):
        return None
    match = _MISSING.search(error.reason)
    if match:
        return next(group for group in match.groups() if group)
    return error.reason.splitlines()[0].strip()


def is_of_nixpkgs(error: NixError) -> bool:
    """Whether a module of nixpkgs itself asks for an option or a value that is not there."""
    return _MISSING.search(error.reason) is not None and _MODULE.search(error.reason) is not None


def _is_inside(error: NixError) -> bool:
    """Whether a container's own system failed: it is a complete NixOS whatever way its host's part is evaluated."""
    return error.failure is not None and bool(place.entered(error.failure))


def files(error: NixError) -> tuple[str, ...]:
    """Return the files that an error is about: those that it names, or else where it comes from."""
    failure = error.failure
    if failure is None:
        return ()
    found = dict.fromkeys(match[1] or match[2] for match in _PATHS.finditer(failure.reason))
    named = tuple(file for file in found if not _is_of_tree(Position(file=file, line=1, column=1)))
    if named or _OF_OPTIONS.match(failure.reason):
        return named
    places = (step.position for step in failure.steps)
    return next(((one.file,) for one in places if one is not None and not _is_of_tree(one)), ())


def _is_of_tree(position: Position) -> bool:
    return position.is_of_nixpkgs or place.is_library(position)
