"""Where a definition comes from: the command line's words become a :data:`.Source`."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from extra_container import variables
from extra_container.model.errors import UsageError
from extra_container.model.plain import one_line
from extra_container.model.values import BuiltSource, ExpressionSource, FileSource, Source
from extra_container.state.plans import file as plan_file

_ATTRIBUTE = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^".]+?))\s*(?:\.|$)')


def find(
    *,
    expression: str | None,
    positional: str | None,
    environment: Mapping[str, str],
    read_stdin: Callable[[], str] | None,
    command: str,
) -> Source:
    """Return the one source that wins: ``--expr``, then the positional argument, the environment, stdin.

    ``read_stdin`` is None for a command that needs stdin for something else. Raises :class:`.UsageError` for a path
    that is nothing usable, for text that is not UTF-8, and for stdin where the command cannot take it.
    """
    if expression is not None:
        return ExpressionSource(text=require_text(expression, "The definition from --expr"), origin="--expr")
    if positional is not None and positional != "-":
        return _from_path(Path(positional).absolute())
    if positional is None and environment.get(variables.ETC):
        return _built(Path(environment[variables.ETC]).absolute())
    if read_stdin is None:
        raise UsageError(
            f"Reading container config from STDIN is not supported for command {command!r}",
            hint="Give a file, or the definition itself with -E.",
        )
    text = require_text(read_stdin(), "The definition on stdin")
    if not text.strip():
        raise UsageError("The definition on stdin is empty", hint="Give a file, text on stdin, or -E EXPRESSION.")
    if "\0" in text:
        raise UsageError("The definition on stdin is not text: it has a NUL character")
    return ExpressionSource(text=text, origin="stdin")


def require_text(value: str, name: str) -> str:
    """Return a text that came from outside; ``name`` is what messages call it.

    Raises :class:`.UsageError` if it is not UTF-8: Python keeps bytes of other encodings as lone surrogates.
    """
    for number, line in enumerate(value.splitlines(), start=1):
        try:
            line.encode()
        except UnicodeEncodeError as error:
            byte = os.fsencode(line[error.start])[0] if 0xDC80 <= ord(line[error.start]) <= 0xDCFF else 0
            raise UsageError(
                f"{name} is not text in UTF-8: byte 0x{byte:02x} in line {number}",
                hint="Save it as UTF-8, for example with iconv.",
            ) from error
    return value


def parse_attribute_path(text: str) -> tuple[str, ...]:
    """Return the names of an attribute path: ``a.b`` and ``a."b c"`` are two, ``a b`` is one.

    Raises :class:`.UsageError` if a name is empty or a quote is not closed.
    """
    names = []
    position = 0
    while position < len(text) or text.endswith("."):
        match = _ATTRIBUTE.match(text, position)
        if match is None or match.end() == position:
            raise UsageError(f"{text!r} is not an attribute path", hint="""Examples: demo, a.b, a."b c".""")
        quoted, bare = match.groups()
        names.append(re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else bare)
        position = match.end()
        if position == len(text):
            if text[match.start() : position].rstrip().endswith("."):
                raise UsageError(f"{text!r} ends with a dot", hint="""Examples: demo, a.b, a."b c".""")
            break
    return tuple(names)


def _from_path(path: Path) -> Source:
    if not path.exists():
        raise UsageError(
            f"{one_line(path)} does not exist", hint="Give a definition file, a directory, a build, or -E EXPRESSION."
        )
    file = path / "default.nix" if path.is_dir() else path
    if file.exists():
        if not (file.is_file() or (file != path and file.is_dir())):
            # Nix would wait for ever for somebody who writes to a FIFO.
            raise UsageError(
                f"{one_line(file)} is no regular file", hint="Give a file, or its text on stdin, as definition `-`."
            )
        if plan_file.is_plan(file):
            raise UsageError(f"{one_line(file)} is a plan", hint="`create` and `plan` take it.")
        return FileSource(path=path)
    if not (path / "etc").exists():
        raise UsageError(
            f"{one_line(path)} has neither default.nix nor etc/",
            hint="Give a definition file, a directory with default.nix, or a build.",
        )
    return BuiltSource(path=path)


def _built(path: Path) -> Source:
    if not (path / "etc").exists():
        raise UsageError(f"{one_line(path)} holds no etc/", hint=f"{variables.ETC} must name a build.")
    return BuiltSource(path=path)
