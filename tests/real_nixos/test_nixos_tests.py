"""A NixOS test with nodes of a real NixOS."""

from pathlib import Path

TEST = Path(__file__).with_name("two_nodes.nix")


def test_a_nixos_test_of_two_nodes(tool, release):
    done = tool("test", TEST, timeout=600)
    assert "1 passed" in done.out
