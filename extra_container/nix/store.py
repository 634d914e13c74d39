"""Nix' store: where it is, and keeping what is in it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.model import layout

if TYPE_CHECKING:
    from extra_container.process import Runner


def store(runner: Runner) -> Path:
    """Return the directory of Nix' store. Source: the environment variables that the Nix manual lists."""
    return Path(runner.environment.get("NIX_STORE_DIR") or layout.STORE)


def state(runner: Runner) -> Path:
    """Return the directory of Nix' own state, see :func:`store`."""
    return Path(runner.environment.get("NIX_STATE_DIR") or layout.STATE)


def prepare(runner: Runner) -> None:
    """Let Nix make its database if it has none yet, before several processes of it begin.

    Two that make it at once fail ("database is busy"), and what is ended meanwhile leaves one that no Nix can read.
    """
    if not (state(runner) / "db/schema").exists():
        runner.run(["nix-store", "--init"], check=False)  # what fails here is told by what comes next


def keep(path: str, root: Path, runner: Runner) -> bool:
    """Keep a store path from garbage collection while ``root`` exists; return whether it is there and valid."""
    if not os.path.lexists(path):
        return False
    argv = ["nix-store", "--realise", path, "--add-root", str(root), "--indirect", "--option", "substitute", "false"]
    return runner.run(argv, check=False).returncode == 0 and os.path.realpath(root) == os.path.realpath(path)


def is_valid(path: str, runner: Runner) -> bool:
    """Whether Nix knows a store path and has it."""
    return os.path.lexists(path) and runner.run(["nix-store", "--check-validity", path], check=False).returncode == 0
