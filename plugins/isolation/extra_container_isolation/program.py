"""The program of a container that isolates it (``nix/scripts/isolation.sh``), as this package calls it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from extra_container.plugin import BuiltContainer, Completed, HostError, Problem, Runner, dataclass

# In the text of a unit. What is run as root is in the store, whatever a unit says.
_PROGRAM = re.compile(r'^Environment="?EXTRA_CONTAINER_ISOLATION=(/nix/store/[^"\s/]+)"?$', re.MULTILINE)
# Of what it says before an error.
_LINES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """The program of one container. ``system`` is the system of its conf, None where none is needed."""

    name: str
    path: Path
    system: str | None
    runner: Runner

    @classmethod
    def of_unit(cls, name: str, text: str, system: str | None = None) -> Program:
        """Return the program that a unit names. Raises :class:`HostError` if that is none of the store."""
        found = _PROGRAM.search(text)
        if found is None:
            raise HostError(f"The unit of {name} has no program for its isolation", hint="Create the container again.")
        return cls(name=name, path=Path(found[1]), system=system, runner=Runner())

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

    def check(self) -> None:
        """Raise :class:`HostError` for what a start would fail for."""
        self._run("check")

    def update(self) -> None:
        """Let the container that runs have what a switch to the system needs."""
        if self.system is not None:
            self._run("update", self.system)

    def _run(self, *words: str) -> Completed:
        """Run the program; raises :class:`HostError` with what it says, in its last two lines."""
        done = self.runner.run([str(self.path), *words], check=False)
        if done.returncode != 0:
            lines = done.stderr.splitlines()
            if len(lines) < 2:  # it came to an end that it did not foresee
                raise HostError(f"{self.path} {words[0]} failed", hint=done.stderr.strip() or None)
            *before, message, hint = lines[-_LINES:]
            raise HostError("\n".join([message, *before]), hint=hint)
        return done


def program_of(container: BuiltContainer) -> Program:
    """Return the program of a built container, whose unit names one."""
    return Program.of_unit(container.name, container.unit_text, container.settings.get("SYSTEM_PATH"))
