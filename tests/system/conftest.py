"""The fixtures of the whole command, in the test host."""

from pathlib import Path

from tests.containers.conftest import name, prefix, tool  # noqa: F401 -- fixtures

NIXOS = Path("/run/booted-system/nixos-version").exists()
