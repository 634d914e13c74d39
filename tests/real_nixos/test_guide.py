"""The guide, followed line by line with containers of a real NixOS."""

import re

import pytest

from tests.nix.evaluator import ROOT
from tests.pages import Reader, steps
from tests.real_nixos.conftest import NIX_CONFIG, switchable
from tests.system.conftest import internet  # noqa: F401 -- a fixture
from tests.system.test_guide import one_address  # noqa: F401 -- a fixture


class Builder(Reader):
    """A reader who does not look at what Nix prints while it builds."""

    # Up to what the program says next: an empty line, a message, or a container's name above its plan.
    _NIX = re.compile(r"(?<=^Building containers\.\.\.\n)(?:(?!\n|Error: |Warning: |[\w-]+: ).*\n)+", re.MULTILINE)

    def type(self, command, *, prompt="#"):
        # NixOS' own prompt is for terminals that know colours, which the reader's is not.
        code, seen = super().type(command, prompt="-bash-5.2#" if prompt.startswith("[root@") else prompt)
        return code, self._NIX.sub("", seen)


@switchable
@pytest.mark.usefixtures("release", "one_address")
def test_the_guide(tool, tmp_path):
    (tmp_path / "reader").mkdir()
    reader = Builder(tmp_path / "reader", NIX_PATH=tool.environment["NIX_PATH"], NIX_CONFIG=NIX_CONFIG)
    try:
        reader.follow(steps((ROOT / "docs/guide.md").read_text()))
        assert tool("list").out == "", "the guide cleans up"
    finally:
        reader.close()
        tool("destroy", "--all")
