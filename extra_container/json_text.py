"""JSON that somebody else wrote, or a disk has damaged, read without surprises."""

from __future__ import annotations

from typing import Any


def loads(text: str | bytes) -> Any:  # noqa: ANN401 -- as json.loads
    """Return what a JSON text says.

    Raises ValueError for all that cannot be read, also where ``json.loads`` raises RecursionError: a few thousand
    brackets are no reason to break down.
    """
    import json

    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply to be read") from error
