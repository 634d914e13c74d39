"""What tests give as definitions, made into one file that the program builds.

Each definition becomes a file whose name is made of its content, so that the same tests build the same files in the
next run, which then needs neither evaluation nor build. User text is never pasted into Nix: it is a file, or JSON.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from extra_container.plugin import dataclass
from extra_container_pytest.runs.registry import Slot

Definition: TypeAlias = "str | os.PathLike[str] | Mapping[str, object]"

_GROUP = Path(__file__).parent / "nix/group.nix"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A definition as a file. ``kind`` says what is in it: definition, machines or test."""

    path: Path
    kind: str

    def of(self, machine: str) -> Source:
        """Return the same, for one machine's sake: what it says of other machines is left out."""
        return Source(path=self.path, kind=f"{self.kind}:{machine}")

    def without(self, machine: str, known: Iterable[str]) -> tuple[Source, ...]:
        """Return what is left of it without one of the ``known`` machines, as sources of one machine each."""
        if ":" in self.kind:
            return () if self.kind.endswith(f":{machine}") else (self,)
        return tuple(self.of(name) for name in known if name != machine)


def source(definition: Definition, directory: Path, *, base: Path) -> Source:
    """Return a definition as a file below ``directory``; relative paths of files are relative to ``base``.

    Text is Nix, unless it has one line and ends with ``.nix``: then, as a :class:`~pathlib.Path`, it is a file. A
    mapping with ``containers`` is a definition; any other gives machines their NixOS configurations by name: as a
    mapping, as Nix text, or as the path of a module. Raises ValueError for a file that is not there.
    """
    if isinstance(definition, Mapping):
        if "containers" in definition:
            return Source(path=_written(directory, json.dumps(definition, default=str), ".json"), kind="definition")
        machines = {name: _configuration(value, directory, base) for name, value in definition.items()}
        return Source(path=_written(directory, json.dumps(machines, sort_keys=True), ".json"), kind="machines")
    if isinstance(definition, str) and not _is_file_name(definition):
        return Source(path=_written(directory, definition, ".nix"), kind="definition")
    return Source(path=_existing(definition, base), kind="definition")


def nixos_test_source(path: Path) -> Source:
    """Return a NixOS test as a source of machines."""
    return Source(path=path.resolve(), kind="test")


def group_file(slot: Slot, sources: Sequence[Source], directory: Path) -> Path:
    """Return the file that the program builds: all machines of some sources, with names and addresses of a slot."""
    settings = {
        "slot": slot.name,
        "bridge": slot.bridge,
        "prefix": slot.prefix,
        "sources": [{"path": str(one.path), "kind": one.kind} for one in sources],
    }
    given = _written(directory, json.dumps(settings, sort_keys=True), ".json")
    # Both are names of our own making, without characters that mean something in Nix.
    text = f"import {_quoted(_GROUP)} (builtins.fromJSON (builtins.readFile {_quoted(given)}))\n"
    return _written(directory, text, ".nix")


def combined_file(groups: Sequence[Path], directory: Path) -> Path:
    """Return the file that builds the groups of several files at once."""
    imports = "".join(f"    {_quoted(group)}\n" for group in groups)
    return _written(directory, f"{{\n  imports = [\n{imports}  ];\n}}\n", ".nix")


def _is_file_name(text: str) -> bool:
    return text.endswith(".nix") and "\n" not in text and "{" not in text


def _existing(path: str | os.PathLike[str], base: Path) -> Path:
    found = (base / Path(path)).resolve()
    if not found.exists():
        raise ValueError(f"There is no definition {found}")
    return found


def _configuration(value: object, directory: Path, base: Path) -> Mapping[str, object]:
    if isinstance(value, os.PathLike) or (isinstance(value, str) and _is_file_name(value)):
        return {"file": str(_existing(value, base))}
    if isinstance(value, str):
        return {"file": str(_written(directory, value, ".nix"))}
    return {"value": value}


def _written(directory: Path, text: str, suffix: str) -> Path:
    path = directory / f"{hashlib.sha256(text.encode()).hexdigest()[:24]}{suffix}"
    try:
        os.utime(path)  # by which a sweep knows what is still wanted
    except FileNotFoundError:
        beside = directory / f".{path.name}-{os.getpid()}"
        beside.write_text(text)
        beside.rename(path)
    return path


def _quoted(path: Path) -> str:
    """Return a path as a Nix expression that stands for it, whatever is in its name."""
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"').replace("${", "\\${")
    return f'(/. + "{escaped}")'
