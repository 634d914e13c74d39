"""Which plugin an error of an evaluation comes from: by the files that it is about, or by what it says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

# A string of Nix, of either kind, with its escapes; see "String" in the Nix manual.
_INSIDE = r"\$\{(?:[^{}]|\{[^{}]*\})*\}"
_STRING = re.compile(
    rf'"((?:{_INSIDE}|[^"\\]|\\.)*)"' + rf"|''((?:{_INSIDE}|[^']|'(?!')|'''|''\$|''\\.)*)''", re.DOTALL
)
_INTERPOLATION = re.compile(_INSIDE)
_ESCAPE = re.compile(r"\\(.)|''(\$|')")
# A message has words; less than that stands in many files.
_LEAST_TEXT = 8
_MOST_FILES = 50


def owner_of(file: str, modules: Mapping[Path, str], packages: Mapping[str, Path | None]) -> str | None:
    """Return the plugin that contributed a module, or in whose package a file stands that a module imports. Pure.

    ``modules`` are those of plugins, ``packages`` the directories of these that have one. None for anybody else's file.
    """
    path = Path(file)
    if path in modules:
        return modules[path]
    places = {directory: plugin for plugin, directory in packages.items() if directory is not None}
    return next((places[above] for above in path.parents if above in places), None)


def speaker(message: str, modules: Mapping[Path, str], packages: Mapping[str, Path | None]) -> str | None:
    """Return the plugin whose modules hold the text of a message: Nix says of a `throw` and an assertion no place."""
    lines = [line.strip().removeprefix("- ") for line in message.splitlines()]
    said = [_in_one_line(text) for text in (*lines, message)]
    for module, plugin in modules.items():
        for file in _files(module, packages.get(plugin)):
            with suppress(OSError, UnicodeDecodeError):
                if any(pattern.fullmatch(text) for pattern in messages(file.read_text()) for text in said):
                    return plugin
    return None


def messages(text: str) -> Iterator[re.Pattern[str]]:
    """Yield the strings of a file of Nix that may be messages; what they interpolate may be anything. Pure."""
    for match in _STRING.finditer(text):
        text = _in_one_line(match[1] or match[2] or "")
        literal = [_ESCAPE.sub(r"\1\2", part) for part in _INTERPOLATION.split(text)]
        if sum(len(part.strip()) for part in literal) >= _LEAST_TEXT and " " in "".join(literal).strip():
            yield re.compile(".*".join(map(re.escape, literal)))


def _in_one_line(text: str) -> str:
    """Return a text without its indentation, which Nix takes from what stands in a file."""
    return " ".join(text.split())


def _files(module: Path, package: Path | None) -> Iterable[Path]:
    below = [] if package is None else sorted(package.rglob("*.nix"))[:_MOST_FILES]
    return [module, *(file for file in below if file != module)]
