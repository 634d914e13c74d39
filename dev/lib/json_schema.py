"""JSON Schemas of what the program writes, made from its classes."""

from __future__ import annotations

import dataclasses
import inspect
import re
import types
import typing
from collections.abc import Mapping
from enum import Enum

DIALECT = "https://json-schema.org/draft/2020-12/schema"

JSON: typing.TypeAlias = "dict[str, object]"


def log_schema(*, strict: bool = False) -> JSON:
    """Return the schema of one line of the log; a ``strict`` one allows nothing that is not described."""
    from extra_container.cli.output import lines
    from extra_container.model import events

    kinds = typing.get_args(events.Event)
    definitions = {kind.kind: _event(kind, lines.SHAPES.get(kind, kind), strict=strict) for kind in kinds}
    known: list[JSON] = [{"$ref": f"#/$defs/{name}"} for name in definitions]
    other = {"properties": {"event": {"not": {"enum": sorted(definitions)}}}}
    return {
        "$schema": DIALECT,
        "title": f"A line of extra-container's log, version {lines.VERSION}",
        "description": "Within this version, lines may gain fields, and new events may come.",
        "type": "object",
        "required": [*_common(), "schema", "run", "command"],
        "anyOf": known if strict else [*known, other],
        "$defs": definitions,
    }


def result_schema(*, strict: bool = False) -> JSON:
    """Return the schema of the result document; a ``strict`` one allows nothing that is not described."""
    from extra_container.cli.results import shape

    found = record(shape.Result, strict=strict)
    properties = {**typing.cast("JSON", found["properties"]), "schema": {"const": shape.VERSION}}
    return {
        "$schema": DIALECT,
        "title": f"What came of a command of extra-container, version {shape.VERSION}",
        **found,
        "properties": properties,
    }


def _common() -> JSON:
    return {
        "event": {"type": "string"},
        "level": {"enum": ["info", "warning", "error"]},
        "timestamp": {"type": "string", "format": "date-time"},
    }


def _event(kind: type, shape: type, *, strict: bool) -> JSON:
    from extra_container.cli.output import lines
    from extra_container.model.origin import Origin

    own = record(shape, strict=strict, optional=lines.optional(shape))
    origin = record(Origin, strict=strict)
    fields = typing.cast("JSON", own["properties"])
    bound = {"schema": {"const": lines.VERSION}, **_not_null(typing.cast("JSON", origin["properties"]))}
    properties = {**bound, **_common(), **fields, "event": {"const": vars(kind)["kind"]}}
    required = ["event", *typing.cast("list[str]", own["required"])]
    return {"description": described(kind), "properties": properties, "required": required, **_closed(strict=strict)}


def record(
    kind: type,
    *,
    strict: bool,
    optional: frozenset[str] = frozenset(),
) -> JSON:
    """Return the schema of a dataclass; fields that are optional need not be there, and are not null."""
    hints = typing.get_type_hints(kind, localns=_names())
    properties: JSON = {}
    for field in dataclasses.fields(kind):
        found = value(hints[field.name], strict=strict)
        properties[field.name] = _without_null(found) if field.name in optional else found
    required = [field.name for field in dataclasses.fields(kind) if field.name not in optional]
    return {
        "description": described(kind),
        "type": "object",
        "properties": properties,
        "required": required,
        **_closed(strict=strict),
    }


def value(hint: object, *, strict: bool) -> JSON:
    """Return the schema of values of a type."""
    simple = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}
    if isinstance(hint, type) and hint in simple:
        return {"type": simple[hint]}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"enum": [member.value for member in hint]}
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return record(hint, strict=strict)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in {types.UnionType, typing.Union}:
        return {"anyOf": [value(argument, strict=strict) for argument in arguments]}
    if origin is tuple:
        return {"type": "array", "items": value(arguments[0], strict=strict)}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": value(arguments[1], strict=strict)}
    raise TypeError(f"no schema for {hint}")


def described(kind: type) -> str:
    """Return a docstring as plain text."""
    text = " ".join((inspect.getdoc(kind) or "").split())
    return re.sub(r":\w+:`[~.]*([^`]*)`", r"\1", text).replace("``", "")


def _closed(*, strict: bool) -> JSON:
    return {"additionalProperties": False} if strict else {}


def _without_null(found: JSON) -> JSON:
    kinds = [kind for kind in typing.cast("list[JSON]", found.get("anyOf", [found])) if kind != {"type": "null"}]
    return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}


def _not_null(properties: JSON) -> JSON:
    return {name: _without_null(typing.cast("JSON", found)) for name, found in properties.items()}


def _names() -> dict[str, object]:
    """Return the names that annotations use."""
    from extra_container.cli.results import shape
    from extra_container.model import origin, plans, values

    return {**vars(values), **vars(plans), **vars(origin), **vars(shape), "Mapping": Mapping}
