"""What a record is of: all that an evaluation is given. Another subject is another record."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.evaluations import words
from extra_container.model.values import FileSource
from extra_container.nix import command

if TYPE_CHECKING:
    from extra_container.model.values import Definition, Source
    from extra_container.process import Runner

# Words for Nix that change what an evaluation gives only by their values, or not at all; with how many values each has.
_KNOWN_WORDS = {
    "--arg": 2, "--argstr": 2, "--cores": 1, "--fallback": 0, "--include": 1, "--keep-failed": 0, "--keep-going": 0,
    "--max-jobs": 1, "--no-build-output": 0, "--option": 2, "--quiet": 0, "--show-trace": 0, "-I": 1, "-K": 0, "-Q": 0,
    "-j": 1, "-k": 0,
}  # fmt: skip


def key(definition: Definition, runner: Runner) -> str:
    """Return the name of the record for a definition that Nix evaluates with a runner's environment."""
    program = runner.look("nix-instantiate") or ""
    given = [
        command.arguments(definition),
        definition.build_args,
        os.path.realpath(program),
        os.getcwd(),  # noqa: PTH109 -- a name
        [os.geteuid(), os.getegid(), sorted(os.getgroups())],
        sorted(_environment(runner.environment).items()),
    ]
    return hashlib.sha256(json.dumps(given).encode()).hexdigest()


def unknowable(definition: Definition) -> str | None:
    """Return why no record can be made of an evaluation, whatever it sees; ``None`` if one can."""
    if not _are_known(definition.build_args):
        return "--build-args has words whose meaning is not known"
    for word in (*command.arguments(definition), *definition.build_args):
        reason = words.unknowable(word.encode(errors="surrogateescape"), is_nix=not Path(word).is_absolute())
        if reason is not None:
            return f"the command line {reason}"
    return _unknowable_file(definition.source)


def digest(definition: Definition) -> str:
    """Return a hash of the definition's own file; a definition without a file is in the key."""
    file = _file(definition.source)
    try:
        return "" if file is None else hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""


def _unknowable_file(source: Source) -> str | None:
    """Return what the definition itself says; of what it imports the evaluation tells."""
    file = _file(source)
    try:
        reason = None if file is None else words.unknowable(file.read_bytes(), is_nix=True)
    except OSError:
        return None  # Nix tells what is wrong with it
    return None if reason is None else f"{file} {reason}"


def _file(source: Source) -> Path | None:
    if not isinstance(source, FileSource):
        return None
    file = source.path / "default.nix" if source.path.is_dir() else source.path
    return file if file.is_file() else None


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in variables.items()
        if name not in words.IGNORED_VARIABLES and name not in words.SET_VARIABLES
    }


def _are_known(build_args: Sequence[str]) -> bool:
    rest = list(build_args)
    while rest:
        count = _KNOWN_WORDS.get(rest.pop(0))
        if count is None:
            return False
        del rest[:count]
    return True
