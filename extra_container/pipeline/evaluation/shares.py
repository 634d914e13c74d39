"""The shares of several processes in the evaluation of one definition: each asked for, and what they found joined."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from extra_container.model import exhaustion
from extra_container.model.errors import HostError
from extra_container.model.frozen import dataclass, replace
from extra_container.nix import command

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from extra_container.model.values import JSON, Definition
    from extra_container.process import Runner

JOIN_FILE = command.EVAL_FILE.parent / "join.nix"

# What Nix prints when processes that evaluate at once wait for each other to write into its database.
_WAITING = re.compile(r"(?:warning|error \(ignored\)): (?:error: )?SQLite database '.*' is busy")
# What etc.nix prints for this program.
_ANNOUNCEMENT = "trace: extra-container: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one process is asked to evaluate; its attributes are those of ``share`` in ``etc.nix``."""

    number: int
    processes: tuple[int, ...]
    frame: bool
    announce: bool

    def words(self) -> list[str]:
        """Return the words that tell Nix of it."""
        return ["--argstr", "share", json.dumps({name: getattr(self, name) for name in self.__slots__})]


def evaluate(
    definition: Definition,
    share: Share,
    root: Path,
    runner: Runner,
    *,
    tell: Callable[[str], None],
    heed: Callable[[Mapping[str, JSON]], None],
) -> str:
    """Evaluate a share and return the path of a derivation: the whole ``etc``, or one for :func:`found`.

    ``root`` keeps it from garbage collection while it exists. What the evaluation announces goes to ``heed``. Raises
    :class:`.BuildError` with Nix' error.
    """

    def on_line(line: str) -> None:
        if share.announce and line.startswith(_ANNOUNCEMENT) and (facts := _facts(line)) is not None:
            heed(facts)
        elif not _WAITING.match(line):
            tell(line)

    words = [*command.arguments(definition), *share.words(), "-A", "share"]
    return command.instantiate(words, definition, root, runner, on_line)


def found(derivation: str, runner: Runner) -> Mapping[str, JSON]:
    """Return what a share among several found: ``containers`` by name, and ``frame``, perhaps ``None``."""
    facts: Mapping[str, JSON] = json.loads(
        runner.run(["nix-store", "--query", "--binding", "found", derivation]).stdout
    )
    return facts


def join(
    definition: Definition,
    every: Sequence[Mapping[str, JSON]],
    directory: Path,
    runner: Runner,
    tell: Callable[[str], None],
) -> str:
    """Return the path of the derivation that evaluating all at once would give, from what all shares found.

    With the frame of the first one, nixpkgs is not evaluated again.
    """
    containers: dict[str, JSON] = {}
    for one in every:
        part = one["containers"]
        if isinstance(part, dict):
            containers |= part
    frame, root = every[0]["frame"], directory / "etc.drv"
    file = directory / "evaluated.json"
    try:
        file.write_text(json.dumps(containers if frame is None else {"frame": frame, "containers": containers}))
    except OSError as error:
        raise HostError(f"Writing {file} failed: {error.strerror}", hint=exhaustion.hint_for(error)) from error
    if frame is None:
        return command.derivation(replace(definition, evaluated=file), root, runner, tell)
    words = [str(JOIN_FILE), "--argstr", "evaluated", str(file), "-A", "etc", *command.settings(definition.base)]
    return command.instantiate(words, definition, root, runner, tell)


def _facts(line: str) -> Mapping[str, JSON] | None:
    try:
        facts = json.loads(line.removeprefix(_ANNOUNCEMENT))
    except ValueError:
        return None
    return facts if isinstance(facts, dict) else None
