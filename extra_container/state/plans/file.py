"""The file of a stored plan: JSON whose first key no expression of Nix can begin with."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.json_text import loads
from extra_container.model.errors import StaleError, UsageError
from extra_container.model.plain import one_line
from extra_container.state import text_file

if TYPE_CHECKING:
    from extra_container.model.values import JSON

_VERSION = 1
_KEY = "extra-container-plan"
_BEGINNING = f'{{"{_KEY}": '
# Some hundred bytes a container.
_MOST_BYTES = 4 * 1024 * 1024


def is_plan(path: Path) -> bool:
    """Whether a file begins as a plan does. One that cannot be read does not."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.read(file, len(_BEGINNING)) == _BEGINNING.encode()
    except OSError:
        return False  # a directory
    finally:
        os.close(file)


def identity(path: Path) -> str | None:
    """Return which plan a file holds, None if it holds none."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        if is_plan(path):
            return str(loads(text_file.read(path, most_bytes=_MOST_BYTES))["id"])
    return None


def read(path: Path) -> dict[str, JSON]:
    """Return what a plan says.

    Raises :class:`.UsageError` for one that cannot be understood, and :class:`.StaleError` for one of another version.
    """
    try:
        document = loads(text_file.read(path, most_bytes=_MOST_BYTES))
        version = document[_KEY]
    except OSError as error:
        raise UsageError(f"{one_line(path)} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{one_line(path)} is a damaged plan", hint="Make it again with `plan --out`.") from error
    if version != _VERSION:
        raise StaleError(f"{one_line(path)} was written by another version of extra-container", hint="Make it again.")
    return dict(document)


def write(path: Path, containers: dict[str, JSON], **fields: JSON) -> str:
    """Write a plan in one step and return its identity. The containers stand one on each line.

    Raises :class:`.UsageError` if the file cannot be written.
    """
    own = os.urandom(8).hex()
    head = json.dumps({_KEY: _VERSION, "id": own, **fields})[:-1]
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in containers.items())
    temporary = path.with_name(f".{path.name}.{own}.tmp")
    try:
        if path.exists() and not path.is_file():
            raise IsADirectoryError(0, "It is no regular file", str(path))
        temporary.write_text(f'{head}, "containers": {{\n{lines}\n}}}}\n', encoding="ascii")
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):  # the first error is the one to tell
            temporary.unlink(missing_ok=True)
        raise UsageError(
            f"The plan {one_line(path)} cannot be written: {error.strerror}", hint="Give --out another path."
        ) from error
    return own
