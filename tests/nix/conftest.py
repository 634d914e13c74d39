"""Fixtures: real Nix in a throw-away store, with the host base and with each nixpkgs tree."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.nix.evaluator import BASES, TREES, VARIABLE, Evaluator, Nix, copy_flake, empty_store, is_complete


@pytest.fixture
def nix() -> Iterator[Nix]:
    """Nix with an empty store."""
    with empty_store() as nix:
        yield nix


@pytest.fixture
def host_base(nix: Nix) -> Evaluator:
    """The built-in host base."""
    return Evaluator(nix=nix, name="host base")


def _trees(names: list[str]) -> list[Any]:
    skip = pytest.mark.skip(reason=f"{VARIABLE} names no nixpkgs trees (NAME=PATH:NAME=PATH)")
    return names or [pytest.param("", marks=skip)]


@pytest.fixture(params=_trees(list(TREES)))
def tree(request: pytest.FixtureRequest, nix: Nix) -> Evaluator:
    """Each nixpkgs tree."""
    return Evaluator(nix=nix, name=request.param)


@pytest.fixture(params=_trees([name for name in TREES if is_complete(name)]))
def complete_tree(request: pytest.FixtureRequest, nix: Nix) -> Evaluator:
    """Each nixpkgs tree that has all modules of its release."""
    return Evaluator(nix=nix, name=request.param)


@pytest.fixture(params=list(BASES))
def base(request: pytest.FixtureRequest, nix: Nix) -> Evaluator:
    """The host base, and each nixpkgs tree."""
    return Evaluator(nix=nix, name=request.param)


@pytest.fixture
def flake(nix: Nix) -> Path:
    """A copy of the flake's sources, without what tools leave behind in a checkout."""
    return copy_flake(nix.directory / "flake")
