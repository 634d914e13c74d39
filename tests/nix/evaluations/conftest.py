"""Evaluations by the program's own pipeline with the real Nix and the real strace, in a store of their own."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from extra_container.model import events
from extra_container.model.values import Base, BaseKind, ExpressionSource, FileSource
from extra_container.pipeline import build
from extra_container.process import Runner
from extra_container.testing import fake_context, fake_host, hooks_with, make_request
from extra_container.variables import SHORTCUTS_OFF
from tests.nix.evaluator import HOST_BASE, Nix

# A file is recorded only if it changed before the evaluation began, as far as the kernel's clock for files can tell.
_SETTLED = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a run: its result, and whether the evaluation was left out, recorded or neither."""

    result: str
    skipped: bool
    problem: str | None
    told: tuple[str, ...]
    programs: tuple[str, ...]
    command_lines: tuple[tuple[str, ...], ...]

    @property
    def recorded(self) -> bool:
        return not self.skipped and self.problem is None


@dataclass(slots=True, kw_only=True)
class World:
    """A directory with definitions, and runs of the program on them."""

    nix: Nix
    variables: dict[str, str] = field(default_factory=lambda: {"EXTRA_CONTAINER_EVAL_RECORD": "always"})
    on_line: Callable[[str], None] = lambda _line: None

    @property
    def directory(self) -> Path:
        return self.nix.directory

    @property
    def records(self) -> Path:
        return self.directory / "host/cache/evaluations"

    def write(self, name: str, text: str | bytes) -> Path:
        """Write a file that is old enough to be recorded."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        settle(path)
        return path

    def tree(self, name: str) -> Path:
        """Copy the host base, as a tree of nixpkgs."""
        copy = shutil.copytree(HOST_BASE, self.directory / name)
        settle(copy)
        return copy

    def evaluate(self, definition: Path | str, **changes: object) -> Outcome:
        """Do what `build --drv` does."""
        return self._run(build.evaluate, definition, changes)

    def build(self, definition: Path | str, **changes: object) -> Outcome:
        """Do what `build` does."""
        return self._run(lambda *given: str(build.build(*given).path), definition, changes)

    def _run(self, act: Callable[..., str], definition: Path | str, changes: Mapping[str, object]) -> Outcome:
        told: list[str] = []
        # The shortcut is what is looked at, whatever the environment says of it.
        passed_over = ("NIX_", "GC_", "PYTEST_", SHORTCUTS_OFF)
        given = {name: value for name, value in os.environ.items() if not name.startswith(passed_over)}
        seen: list[events.Event] = []
        runner = Runner(environment={**given, **self.nix.places, **self.variables}, notify=seen.append)
        host = fake_host(self.directory / "host")

        def tell(line: str) -> None:
            told.append(line)
            self.on_line(line)

        context, emitted = fake_context(host, hooks_with(), runner)
        object.__setattr__(context, "tell", tell)
        request = make_request(source=source(definition), **{"base": Base(kind=BaseKind.HOST), **changes})
        with ExitStack() as stack:
            result = act(request, context, stack)
        recorded = [event for event in emitted if isinstance(event, events.EvaluationRecorded)]
        return Outcome(
            result=result,
            skipped=any(isinstance(event, events.EvaluationSkipped) for event in emitted),
            problem=recorded[0].problem if recorded else None,
            told=tuple(told),
            programs=programs(seen),
            command_lines=tuple(tuple(event.argv) for event in seen if isinstance(event, events.ProcessFinished)),
        )


def programs(seen: Sequence[events.Event]) -> tuple[str, ...]:
    """Return the programs that ran, by name."""
    argvs = [event.argv for event in seen if isinstance(event, events.ProcessFinished)]
    names = {Path(word).name for argv in argvs for word in argv if word.startswith("/")}
    return tuple(sorted(names))


def source(definition: Path | str) -> ExpressionSource | FileSource:
    if isinstance(definition, Path):
        return FileSource(path=definition)
    return ExpressionSource(text=definition, origin="--expr")


def settle(path: Path) -> None:
    """Wait until a file, or all of a directory, is older than what the kernel's clock for files can tell apart."""
    files = [path, *path.rglob("*")] if path.is_dir() else [path]
    newest = max(file.lstat().st_ctime for file in files)
    while time.time() < newest + _SETTLED:
        time.sleep(0.01)


@pytest.fixture
def world(nix: Nix) -> World:
    """A world with a store that is there already: Nix' first work is to make it."""
    made = World(nix=nix)
    nix.run("nix-store", "--init")
    (nix.directory / "store").mkdir(exist_ok=True)
    settle(nix.directory / "var")
    return made
