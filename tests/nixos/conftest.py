"""The fixtures of the whole command. These tests run in the test host's NixOS flavour only."""

from tests.containers.conftest import name, prefix, tool  # noqa: F401 -- fixtures
