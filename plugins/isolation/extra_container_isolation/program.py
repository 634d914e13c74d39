"""The program of a container that isolates it (``nix/scripts/isolation.sh``), as this package calls it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from extra_container.plugin import BuiltContainer, Completed, HostError, Problem, Runner

# In the text of a unit; nix/program.nix sets it.
_PROGRAM = re.compile(r'^Environment="?EXTRA_CONTAINER_ISOLATION=(/[^"\s]+)"?$', re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """The program of one container; ``system`` is the system of its conf, None for the container of a flake."""

    name: str
    path: Path
    system: str | None
    runner: Runner

    def forgotten(self) -> Sequence[Problem]:
        """Return a problem for each path of the store that the system's own files name although Nix does not know."""
        if self.system is None:
            return ()
        lines = self._run("forgotten", self.system).stdout.splitlines()
        pairs = (line.split(" ", maxsplit=1) for line in lines)
        return [
            Problem(
                message=f"{path} is not in the closure of the container {self.name}, which would not see it: {file}",
                hint="Use the package itself and not the text of its path, or add it to "
                f"containers.{self.name}.extra.storeViewPaths.",
            )
            for file, path in pairs
        ]

    def update(self) -> None:
        """Let the container that runs have what a switch to the system needs."""
        if self.system is not None:
            self._run("update", self.system)

    def _run(self, *words: str) -> Completed:
        """Run the program; raises :class:`HostError` with what it says, its last two lines."""
        done = self.runner.run([str(self.path), *words], check=False)
        if done.returncode != 0:
            *details, message, hint = ["", *done.stderr.splitlines()][-20:] if done.stderr.count("\n") > 1 else ["", ""]
            raise HostError("\n".join(filter(None, [message or f"{self.path} failed", *details])), hint=hint or None)
        return done


def program_of(container: BuiltContainer, runner: Runner | None = None) -> Program | None:
    """Return the program of a container, None if none isolates it."""
    found = _PROGRAM.search(container.unit_text)
    if found is None:
        return None
    system = container.settings.get("SYSTEM_PATH")
    return Program(name=container.name, path=Path(found[1]), system=system, runner=runner or Runner())
