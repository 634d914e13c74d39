"""One result document over all machines, version 1, as ``docs/machines.md`` describes it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from extra_container.plugin_command import json_text, written_into

if TYPE_CHECKING:
    import argparse

    from extra_container_remote.fleet import Report

VERSION = 1


def of(command: str, reports: Sequence[Report], code: int, seconds: float) -> dict[str, object]:
    """Return the document: what each machine's own document says stands in it as it is."""
    return {
        "schema": VERSION,
        "command": command,
        "code": code,
        "seconds": round(seconds, 3),
        "targets": [_one(report) for report in reports],
    }


@contextmanager
def written(parsed: argparse.Namespace) -> Iterator[Callable[[object, TextIO], None]]:
    """Give what writes a document where the command line wants it."""
    with written_into(getattr(parsed, "json_into", None)) as into_file:

        def write(found: object, stdout: TextIO) -> None:
            into_file(found)
            if getattr(parsed, "formatter", None) == "json":
                stdout.write(json_text(found))

        yield write


def _one(report: Report) -> dict[str, object]:
    error = report.error
    return {
        "target": report.target,
        "outcome": report.outcome.value,
        "code": report.code,
        "seconds": round(report.seconds, 3),
        "error": None if error is None else {"kind": error.kind, "message": error.message, "hint": error.hint},
        "result": _parsed(report.out),
    }


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None
