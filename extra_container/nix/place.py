"""Where in a definition an evaluation failed: which container, which option, which lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from extra_container.model.frozen import dataclass
from extra_container.model.values import Definition, ExpressionSource, Source
from extra_container.nix import option_names
from extra_container.nix.option_names import OptionPath
from extra_container.nix.trace import Failure, Position

_OWN_FILES = Path(__file__).parent
_QUOTED = re.compile(r"`([^`'\s][^`']*)'")
_OPTION_OF_SYSTEM = re.compile(r"[oO]ption (?:definition |value )?`([^`']+)'")
_BARE_OPTION = re.compile(r"(?<![\w.`])containers\.[\w\"-]+(?:\.[\w\"-]+)*")
_ASSERTIONS = re.compile(r"Failed assertions:")
_FILE_MISSING = re.compile(r"'(/[^']+)'(?:: No such file| does not exist)|path '?(/[^']+?)'? does not exist")
# What Nix shows of a file: where, and the lines around it.
_EXCERPT = re.compile(r"\n+at [^\n]+:\d+:\d+:(?:\n+ *\d*\|[^\n]*)*")
# What the module system calls definitions whose file it does not know: those inside of a container.
_UNKNOWN_FILE = re.compile(
    r"`(?:<unknown-file>|[^`']*/virtualisation/(?:nixos-)?containers\.nix|[^`'\s]*:anon-\d[^`']*)'"
)
_TEXT_FILES = ("«string»", "(string)")
# The name in that of a unit or a conf.
_FILE_OF_CONTAINER = re.compile(r".*[/@]([A-Za-z0-9-]+)(?:\.(?:service|conf))?")
# Enough for the module system's own detours between an error and the option that somebody set.
_CANDIDATES = 12
_PLACES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """How many names of an option's path the definition sets, and where the last of these stand."""

    depth: int
    places: tuple[Position, ...]


Locate: TypeAlias = Callable[[Sequence[OptionPath]], Sequence[Located]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an error is, as far as it can be known.

    ``option`` is what the user set, ``container`` the container whose system failed, ``through`` the option that
    was evaluated where the user's own is not known. ``positions`` are in the user's own text.
    """

    option: OptionPath | None = None
    container: str | None = None
    through: OptionPath | None = None
    positions: tuple[Position, ...] = ()

    @property
    def config(self) -> str:
        """What the user calls the failed system."""
        return option_names.shown(("containers", self.container or "NAME", "config"))

    @property
    def names(self) -> tuple[str, ...]:
        """What to name: the option, or the container's system where that is all that is known."""
        if self.option is not None:
            return (option_names.shown(self.option),)
        return () if self.container is None else (self.config,)


def entered(failure: Failure) -> frozenset[str]:
    """Return the containers whose own systems were evaluated on the way to an error."""
    paths = [option_names.parse(step.option) for step in failure.steps if step.option]
    return frozenset(
        container
        for path in paths
        if option_names.is_entrance(path) or option_names.is_inside(path)
        if (container := option_names.container_of(path)) is not None
    )


def find(failure: Failure, definition: Definition, locate: Locate) -> Place:
    """Find out where an error is; ``locate`` is asked once where the definition sets options."""
    inside = entered(failure)
    evaluated = [
        option_names.as_written(option_names.parse(step.option), inside) for step in failure.steps if step.option
    ]
    container = next((option_names.container_of(path) for path in evaluated if option_names.is_inside(path)), None)
    container = container or next(iter(sorted(inside)), None)
    named = _named(failure.reason, inside, container)
    candidates = _candidates(failure, named, evaluated, container)
    option, located = _best(candidates, locate(candidates)) if candidates else (None, ())
    located = tuple(position for position in located if not is_library(position))
    near = () if option in named else _nearest(failure, option, inside, definition)
    positions = near or _of_missing_file(failure, located, definition.source) or located
    # Every system is `config`, and every module has imports: these say less than what was evaluated for them.
    is_vague = option is None or option == ("containers", container, "config") or option[-1] == "imports"
    through = next((path for path in evaluated if container is None or option_names.is_inside(path)), None)
    is_explained = named or _ASSERTIONS.match(failure.reason) or not (is_vague or option_names.is_container(option))
    return Place(
        option=None if is_vague else option,
        container=container,
        through=None if is_explained else through,
        positions=tuple(dict.fromkeys(positions))[:_PLACES],
    )


def is_users(position: Position, definition: Definition) -> bool:
    """Whether a position is in text that the user wrote."""
    source = definition.source
    if any(position.file.startswith(name) for name in own_names(source)):
        return True
    if isinstance(source, ExpressionSource) and position.file == source.text:
        return True
    path = Path(position.file)
    others = [_OWN_FILES, *(module.parent for module in definition.inputs.modules)]
    return (
        position.file.startswith("/")
        and not any(path.is_relative_to(other) for other in others)
        and not position.is_of_nixpkgs
        and path.exists()
    )


def is_library(position: Position) -> bool:
    """Whether a position is in a file of the program, or in one of nixpkgs that is no module of NixOS."""
    if Path(position.file).is_relative_to(_OWN_FILES):
        return True
    return position.is_of_nixpkgs and "/nixos/modules/" not in position.file


def own_names(source: Source) -> list[str]:
    """Return how Nix calls the definition's own text in messages."""
    if isinstance(source, ExpressionSource):
        return [f"`{source.origin}'", *_TEXT_FILES]
    return [str(source.path)]


def for_reader(text: str, failure: Failure, place: Place, definition: Definition) -> str:
    """Return a message of Nix with the names that the user gave to options and files.

    Lines of the library, through which every evaluation goes, are left out where the user's own are known.
    """
    inside = entered(failure)
    source = definition.source
    if place.positions and failure.position is not None and is_library(failure.position):
        text = _EXCERPT.sub("", text)

    def as_written(match: re.Match[str]) -> str:
        path = option_names.parse(match[1])
        written = option_names.as_written(path, inside)
        return match[0] if written == path else f"`{option_names.shown(written)}'"

    text = _QUOTED.sub(as_written, text)
    files = list(dict.fromkeys(position.file for position in place.positions))
    if len(files) == 1:
        text = _UNKNOWN_FILE.sub(lambda _match: f"`{_file(files[0], source)}'", text)
    if isinstance(source, ExpressionSource):
        for name in _TEXT_FILES:
            text = text.replace(f"{name}:", f"{source.origin}:")
    return text


def shown(position: Position, source: Source) -> str:
    """Return a position as the user knows it."""
    return f"{_file(position.file, source)}:{position.line}:{position.column}"


def _file(name: str, source: Source) -> str:
    if isinstance(source, ExpressionSource) and name in {*_TEXT_FILES, source.text}:
        return source.origin
    return name


def _named(reason: str, inside: frozenset[str], container: str | None) -> list[OptionPath]:
    """Return the options that an error names itself."""
    found = [option_names.parse(name) for name in _OPTION_OF_SYSTEM.findall(reason) + _BARE_OPTION.findall(reason)]
    return [
        option_names.as_written(path, inside)
        if path[:1] == ("containers",) or container is None
        else ("containers", container, "config", *path)
        for path in found
        if path
    ]


def _candidates(
    failure: Failure, named: Sequence[OptionPath], evaluated: Sequence[OptionPath], container: str | None
) -> list[OptionPath]:
    """Return the options to look for in the definition, the likeliest first."""
    config = () if container is None else ("containers", container, "config")
    if _ASSERTIONS.match(failure.reason):
        paths = [*named, (*config, "assertions")]
    else:
        paths = [*named, *(path for path in evaluated if not option_names.is_entrance(path))]
    if _FILE_MISSING.search(failure.reason) or not paths:
        paths.append((*config, "imports"))
    if config:
        paths.append(config)
    else:
        paths += [("containers", name) for path in evaluated for name in _containers_of_files(path)]
    if _UNKNOWN_FILE.search(failure.reason):
        paths.append(("containers",))
    unique = [path for path in dict.fromkeys(map(option_names.attributes, paths)) if path]
    return unique if len(unique) <= _CANDIDATES else [*unique[: _CANDIDATES - 1], unique[-1]]


def _containers_of_files(path: OptionPath) -> list[str]:
    """Return the containers that the units and files among an option's names belong to."""
    return [match[1] for part in path if (match := _FILE_OF_CONTAINER.fullmatch(part))]


def _best(
    candidates: Sequence[OptionPath], located: Sequence[Located]
) -> tuple[OptionPath | None, tuple[Position, ...]]:
    """Return the first option that the definition sets, or sets a part of, and where."""
    for path, found in zip(candidates, located, strict=False):
        # A group of options as common as `services` is set for many reasons.
        enough = 5 if option_names.is_inside(path) else 3
        if found.depth == len(path) or found.depth >= max(enough, len(path) - 2):
            return path, found.places
    return None, ()


def _nearest(
    failure: Failure, option: OptionPath | None, inside: frozenset[str], definition: Definition
) -> Sequence[Position]:
    """Return where the user's text is nearest to an error: on the way from the option to it, if there is one."""
    for step in failure.steps:
        if step.position is not None and is_users(step.position, definition):
            return [step.position]
        if step.option is not None and option_names.as_written(option_names.parse(step.option), inside) == option:
            break
    return ()


def _of_missing_file(failure: Failure, located: Sequence[Position], source: Source) -> Sequence[Position]:
    """Return where a file is named that does not exist, if one line of the definition does so."""
    match = _FILE_MISSING.search(failure.reason)
    if match is None:
        return ()
    name = Path(match[1] or match[2]).name
    files = [] if isinstance(source, ExpressionSource) else [str(source.path)]
    files += [position.file for position in located if position.file.startswith("/")]
    found = [position for file in dict.fromkeys(files) for position in _mentions(file, name)]
    return found if len(found) == 1 else ()


def _mentions(file: str, name: str) -> list[Position]:
    try:
        lines = Path(file).read_text(errors="replace").splitlines()
    except OSError:
        return []
    return [
        Position(file=file, line=number, column=line.index(name) + 1)
        for number, line in enumerate(lines, start=1)
        if name in line and not line.lstrip().startswith("#")
    ]
