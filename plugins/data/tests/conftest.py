"""The installed command with real containers on this machine."""

import pytest

from tests.containers.conftest import Tool, name, tool

__all__ = ["module_tool", "name", "tool"]


@pytest.fixture(scope="module")
def module_tool(tmp_path_factory):
    """The installed command, for all tests of a module."""
    tool = Tool(tmp_path_factory.mktemp("tool"))
    yield tool
    tool.close()
