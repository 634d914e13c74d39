"""Results for programs: the JSON document of a command, on the standard output or in a file beside the text for people.

A command with a result of its own making adds :func:`add_file_option` to its parser and does its work within
:func:`written_into`, which opens the file before the work begins. :func:`as_text` is the document on the standard
output. Commands that derive from :class:`.ListCommand` or :class:`.ShowCommand` have all of this.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.model.errors import ExtraContainerError, UsageError
from extra_container.model.plain import one_line

if TYPE_CHECKING:
    import argparse


def add_file_option(parser: argparse._ActionsContainer, *, default: object = None) -> None:
    """Add ``--json-into FILE``, whose value is ``json_into``."""
    parser.add_argument(
        "--json-into",
        type=Path,
        metavar="FILE",
        default=default,
        help="write the result as JSON into a file, too; text goes on to the terminal",
    )


def as_text(document: object, *, indent: int | None = 2) -> str:
    """Return a document as JSON text of ASCII characters, which are harmless whatever the document holds."""
    return json.dumps(document, indent=indent) + "\n"


@contextmanager
def written_into(path: Path | None) -> Iterator[Callable[[object], None]]:
    """Give what writes a document into a file; without ``path`` it writes nothing.

    The file is emptied at once, so that nobody takes the document of an earlier run for that of one that failed. Raises
    :class:`.UsageError` if it cannot be opened, and :class:`.ExtraContainerError` if it cannot be written.
    """
    if path is None:
        yield lambda _: None
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOCTTY | os.O_NONBLOCK, 0o666)
    except OSError as error:
        raise UsageError(
            f"The file {one_line(path)} cannot be opened: {error.strerror}", hint="Give --json-into another path."
        ) from error
    # Only opening a FIFO that nobody reads must not wait.
    os.set_blocking(descriptor, True)
    try:
        yield lambda document: _write(descriptor, as_text(document).encode("ascii"), path)
    finally:
        os.close(descriptor)


def _write(descriptor: int, text: bytes, path: Path) -> None:
    try:
        while text:
            text = text[os.write(descriptor, text) :]
    except OSError as error:
        raise ExtraContainerError(f"Writing to {one_line(path)} failed: {error.strerror}") from error
