"""What the program writes, held against the published schemas; the strict ones allow nothing that is not described."""

import json
import sys
from functools import cache
from pathlib import Path

import jsonschema

ROOT = Path(__file__).resolve().parents[1]


@cache
def generator():
    """Return the module that makes the schemas."""
    sys.path.insert(0, str(ROOT / "dev/lib"))
    try:
        import json_schema
    finally:
        sys.path.remove(str(ROOT / "dev/lib"))
    return json_schema


@cache
def checker(*, strict):
    """Return what checks a line of the log."""
    published = json.loads((ROOT / "docs/log.schema.json").read_text())
    schema = generator().log_schema(strict=True) if strict else published
    jsonschema.Draft202012Validator.check_schema(schema)
    kinds = {name: {**schema, "anyOf": [{"$ref": f"#/$defs/{name}"}]} for name in schema["$defs"]}
    return {name: jsonschema.Draft202012Validator(kind) for name, kind in kinds.items()}


def result(text):
    """Return a result document, which is as its schema says."""
    found = json.loads(text)
    published = json.loads((ROOT / "docs/result.schema.json").read_text())
    for schema in (published, generator().result_schema(strict=True)):
        jsonschema.Draft202012Validator(schema).validate(found)
    return found


def entries(text):
    """Return the entries of a log, each of which is one line of JSON and as its event's schema says."""
    found = [json.loads(line) for line in text.splitlines()]
    for entry in found:
        for strict in (True, False):
            checker(strict=strict)[entry["event"]].validate(entry)
    return found
