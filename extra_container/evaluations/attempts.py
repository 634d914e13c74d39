"""What is remembered of evaluations that were not recorded: whether the next one is worth watching."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from extra_container.evaluations import record
from extra_container.model.errors import HostError

_SUFFIX = ".seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A definition that was evaluated: the ``digest`` of its file, and how often watching it led to no record."""

    digest: str
    failures: int


def read(directory: Path, key: str) -> Attempt | None:
    """Return what is remembered, ``None`` if there is nothing that can be trusted and understood."""
    try:
        document = json.loads(record.text(directory, f"{key}{_SUFFIX}"))
        digest, failures = document["digest"], document["failures"]
    except (HostError, OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return Attempt(digest=digest, failures=failures) if isinstance(failures, int) else None


def note(directory: Path, key: str, digest: str, *, failed: bool) -> None:
    """Remember an evaluation; where that cannot be, the next one is as good as the first."""
    before = read(directory, key)
    failures = before.failures + 1 if failed and before is not None and before.digest == digest else 0
    with suppress(HostError, OSError):
        record.write_text(directory, f"{key}{_SUFFIX}", json.dumps({"digest": digest, "failures": failures}))
