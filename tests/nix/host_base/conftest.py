"""Fixtures for the built-in host base: evaluating it is cheap, so a module's tests share a store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.nix.evaluator import Nix, empty_store


@pytest.fixture(scope="module")
def nix() -> Iterator[Nix]:
    """Nix with a store that was empty before the module's first test."""
    with empty_store() as nix:
        yield nix
