"""Unit files: sections, continuation lines, repeated keys, quoting and specifiers, as in systemd.syntax(7).

Only the syntax is known here; what the settings of a service mean is :mod:`extra_container_standalone.unit.service`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

_ESCAPES = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "s": " ",
    "\\": "\\", '"': '"', "'": "'",
}  # fmt: skip
_CODED = re.compile(r"x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})")
_BLANK = " \t\n\r"
_TIME = re.compile(r"(\d+(?:\.\d+)?)\s*([a-zA-Zµ]*)")
_UNITS = {
    "": 1.0, "s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0,
    "ms": 1e-3, "msec": 1e-3, "us": 1e-6, "usec": 1e-6, "µs": 1e-6,
    "m": 60.0, "min": 60.0, "minute": 60.0, "minutes": 60.0,
    "h": 3600.0, "hr": 3600.0, "hour": 3600.0, "hours": 3600.0,
    "d": 86400.0, "day": 86400.0, "days": 86400.0,
    "w": 604800.0, "week": 604800.0, "weeks": 604800.0,
}  # fmt: skip


class UnitFileError(ValueError):
    """A unit file, or a setting in it, cannot be understood."""


@dataclass(frozen=True, slots=True)
class UnitFile:
    """The settings of a unit file: section, then key, then the values in order."""

    sections: Mapping[str, Mapping[str, tuple[str, ...]]]

    def values(self, section: str, key: str) -> tuple[str, ...]:
        """Return all values of a list setting; an empty assignment drops those before it."""
        kept: list[str] = []
        for value in self.sections.get(section, {}).get(key, ()):
            if value:
                kept.append(value)
            else:
                kept.clear()
        return tuple(kept)

    def value(self, section: str, key: str) -> str | None:
        """Return the last value of a setting, ``None`` if it is not set or set to nothing."""
        values = self.sections.get(section, {}).get(key, ())
        return (values[-1] or None) if values else None

    def keys(self, section: str) -> tuple[str, ...]:
        """Return the keys of a section in order of appearance."""
        return tuple(self.sections.get(section, {}))


def parse_unit(text: str) -> UnitFile:
    """Parse the text of a unit file.

    Raises :class:`UnitFileError` on a line that is neither section, assignment nor comment.
    """
    sections: dict[str, dict[str, list[str]]] = {}
    section = ""
    for number, line in _logical_lines(text):
        if line.startswith("["):
            if not line.endswith("]"):
                raise UnitFileError(f"line {number}: section without ]: {line}")
            section = line[1:-1]
            sections.setdefault(section, {})
            continue
        key, equals, value = line.partition("=")
        if not equals or not section:
            raise UnitFileError(f"line {number}: not an assignment in a section: {line}")
        sections[section].setdefault(key.rstrip(), []).append(value.strip())
    return UnitFile(
        MappingProxyType(
            {name: MappingProxyType({k: tuple(v) for k, v in keys.items()}) for name, keys in sections.items()}
        )
    )


def _logical_lines(text: str) -> list[tuple[int, str]]:
    lines: list[tuple[int, str]] = []
    begun: list[str] = []
    first = 0
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip(_BLANK)
        if line.startswith(("#", ";")) or (not line and not begun):
            continue
        first = first if begun else number
        if line.endswith("\\"):
            begun.append(line[:-1] + " ")
            continue
        lines.append((first, "".join([*begun, line]).strip(_BLANK)))
        begun.clear()
    if begun:
        lines.append((first, "".join(begun).strip(_BLANK)))
    return lines


def expand_specifiers(text: str, unit_name: str) -> str:
    """Replace ``%i %I %j %n %N %p %%`` for a unit named like ``container@NAME.service``.

    The instance is used raw: names of containers are never escaped. Raises :class:`UnitFileError` on any other
    specifier.
    """
    stem = unit_name.removesuffix(".service")
    prefix, _, instance = stem.partition("@")
    known = {"i": instance, "I": instance, "n": unit_name, "N": stem, "p": prefix, "j": prefix, "%": "%"}

    def replaced(match: re.Match[str]) -> str:
        if (value := known.get(match[1])) is None:
            raise UnitFileError(f"unsupported specifier %{match[1]} in {text!r}")
        return value

    return re.sub(r"%(.?)", replaced, text, flags=re.DOTALL)


def split_words(text: str) -> tuple[str, ...]:
    """Split a value into words, quotes and C escapes resolved (systemd.syntax(7), "Quoting").

    Raises :class:`UnitFileError` on an open quote or an unknown escape.
    """
    words: list[str] = []
    word: list[str] | None = None
    quote = ""
    at = 0
    while at < len(text):
        char = text[at]
        at += 1
        if char == "\\":
            resolved, at = _unescape(text, at)
            word = [*(word or []), resolved]
        elif quote:
            if char == quote:
                quote = ""
            elif word is not None:
                word.append(char)
        elif char in "\"'":
            quote = char
            word = word or []
        elif char in _BLANK:
            if word is not None:
                words.append("".join(word))
            word = None
        else:
            word = [*(word or []), char]
    if quote:
        raise UnitFileError(f"quote without end in {text!r}")
    if word is not None:
        words.append("".join(word))
    return tuple(words)


def _unescape(text: str, at: int) -> tuple[str, int]:
    if (coded := _CODED.match(text, at)) is not None:
        hexadecimal = coded[1] or coded[2] or coded[3]
        return chr(int(hexadecimal, 16) if hexadecimal else int(coded[4], 8)), coded.end()
    if at < len(text) and text[at] in _ESCAPES:
        return _ESCAPES[text[at]], at + 1
    raise UnitFileError(f"unknown escape \\{text[at : at + 1]} in {text!r}")


def parse_seconds(text: str) -> float | None:
    """Return a time span like ``1min 30s`` in seconds, ``None`` for ``infinity`` (systemd.time(7)).

    A number without unit is seconds. Raises :class:`UnitFileError` if the text is no time span.
    """
    if text.strip() == "infinity":
        return None
    parts = _TIME.findall(text)
    if not parts or _TIME.sub("", text).strip() or any(unit not in _UNITS for _, unit in parts):
        raise UnitFileError(f"not a time span: {text!r}")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)
