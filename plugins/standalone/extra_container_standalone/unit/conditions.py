"""Conditions and assertions of a unit, which keep its container from starting (systemd.unit(5))."""

from __future__ import annotations

import re
from pathlib import Path

from extra_container.plugin import Runner, describe_conditions, layout, unmet_conditions
from extra_container_standalone.unit.unit_file import UnitFile, UnitFileError, expand_specifiers, parse_unit

_CONDITION = re.compile(r"(?:Condition|Assert)[A-Z]\w*")


def settings(unit: UnitFile, unit_name: str) -> tuple[str, ...]:
    """Return a unit's conditions and assertions, specifiers replaced and percent signs doubled. Pure.

    Raises :class:`~extra_container_standalone.unit.unit_file.UnitFileError` for an unknown specifier.
    """
    return tuple(
        f"{key}={expand_specifiers(value, unit_name).replace('%', '%%')}"
        for key in unit.keys("Unit")
        if _CONDITION.fullmatch(key)
        for value in unit.values("Unit", key)
    )


def obstacle(name: str, unit: Path, runner: Runner) -> str | None:
    """Return the conditions and assertions that keep a container from starting at this moment, as a sentence.

    ``None`` if all are met, and where nothing can tell, of which the build warns. A unit that cannot be read or
    understood is left to the supervisor, which says so.
    """
    try:
        found = settings(parse_unit(unit.read_text(encoding="utf-8")), layout.unit_name(name))
    except (OSError, UnitFileError):
        return None
    unmet = unmet_conditions(found, runner) if found else None
    return describe_conditions(unmet) if unmet else None
