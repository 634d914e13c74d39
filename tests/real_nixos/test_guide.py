"""The guide and the page on health, followed line by line with containers of a real NixOS."""

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


@pytest.fixture
def reader(tool, tmp_path):
    """Somebody in an empty directory, who cleans up; containers that a page leaves behind are destroyed."""
    (tmp_path / "reader").mkdir()
    reader = Builder(tmp_path / "reader", NIX_PATH=tool.environment["NIX_PATH"], NIX_CONFIG=NIX_CONFIG)
    yield reader
    reader.close()
    left = tool("list").out
    tool("destroy", "--all")
    assert left == "", "the page cleans up"


@switchable
@pytest.mark.usefixtures("release", "one_address")
def test_the_guide(reader):
    reader.follow(steps((ROOT / "docs/guide.md").read_text()))


@switchable
@pytest.mark.usefixtures("release")
def test_the_page_on_services_that_must_not_stay_broken(reader):
    reader.follow(steps((ROOT / "docs/healthy.md").read_text()))
