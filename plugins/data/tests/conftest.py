"""The installed command with real containers on this machine."""

import shutil
from pathlib import Path

import pytest

from tests.containers.conftest import Tool, name, prefix, tool

__all__ = ["module_tool", "name", "prefix", "tool"]


@pytest.fixture(autouse=True)
def _others(request):
    """Destroy the containers whose names begin like that of a test's own."""
    wanted = {"name", "tool"} <= set(request.fixturenames)
    name, tool = map(request.getfixturevalue, ("name", "tool")) if wanted else (None, None)
    yield
    if tool is not None:
        tool("destroy", name, *(other for other in tool("list").out.split() if other.startswith(name)))
        for directory in Path("/var/lib/nixos-containers").glob(f"{name}*"):
            shutil.rmtree(directory)  # of no container: a test has put it there


@pytest.fixture(scope="module")
def module_tool(tmp_path_factory):
    """The installed command, for all tests of a module."""
    tool = Tool(tmp_path_factory.mktemp("tool"))
    yield tool
    tool.close()
