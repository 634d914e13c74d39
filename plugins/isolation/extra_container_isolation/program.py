"""The program of a container that isolates it (``nix/scripts/isolation.sh``), as this package calls it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from extra_container.plugin import (
    BuiltContainer,
    Completed,
    Host,
    HostError,
    Problem,
    Runner,
    dataclass,
    layout,
    read_text_file,
)

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

    def check(self) -> None:
        """Raise :class:`HostError` for what a start would fail for."""
        self._run("check")

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


def program_of(container: BuiltContainer) -> Program | None:
    """Return the program of a built container, None if none isolates it."""
    return _program(container.name, container.unit_text, container.settings.get("SYSTEM_PATH"))


def program_of_installed(name: str, host: Host) -> Program | None:
    """Return the program of a container that is installed, None if none isolates it or its unit cannot be read."""
    try:
        text = read_text_file(host.unit_directory / layout.unit_name(name), errors="replace")
    except OSError:
        return None  # its start tells what is wrong with it
    return _program(name, text, None)


def _program(name: str, unit_text: str, system: str | None) -> Program | None:
    found = _PROGRAM.search(unit_text)
    return None if found is None else Program(name=name, path=Path(found[1]), system=system, runner=Runner())
