"""The installed command with real containers on this machine."""

from tests.containers.conftest import name, tool

__all__ = ["name", "tool"]
