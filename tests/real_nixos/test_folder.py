"""What is no base for tests is named. Runs everywhere, without trees."""

import re

import pytest

from tests.real_nixos import folder


def test_a_tree_that_is_not_whole_is_named_with_what_it_lacks(tmp_path):
    (tmp_path / "tree/pkgs/top-level").mkdir(parents=True)
    (tmp_path / "tree/pkgs/top-level/impure.nix").touch()
    lacks = "is no whole tree of nixpkgs: it has no nixos/modules/config/users-groups.nix"
    with pytest.raises(ValueError, match=re.escape(f"{tmp_path}/tree {lacks}")):
        folder.make(tmp_path / "tree", tmp_path / "folder")


def test_a_program_that_the_host_lacks_is_named_with_its_package(monkeypatch):
    monkeypatch.setattr(folder, "PROGRAMS", {"sh": "dash", "frobnicate": "frob-utils"})
    with pytest.raises(LookupError, match=r"lacks: frobnicate \(Debian's frob-utils\)$"):
        folder.require_programs()
