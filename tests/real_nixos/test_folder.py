"""What is no base for tests is named. Runs everywhere, without trees."""

import re

import pytest

from tests.nix.evaluator import ROOT
from tests.real_nixos import folder


@pytest.mark.parametrize("lacking", [*folder.PARTS, "nixos/modules/one.nix", "nixos/modules/../lib/two.nix"])
def test_a_tree_that_is_not_whole_is_named_with_what_it_lacks(tmp_path, lacking):
    tree = tmp_path / "tree"
    (tree / "nixos/modules").mkdir(parents=True)
    for part in {*folder.PARTS, "nixos/modules/one.nix", "nixos/modules/../lib/two.nix"} - {lacking}:
        (tree / part).parent.mkdir(parents=True, exist_ok=True)
        (tree / part).write_text("[\n  ./one.nix\n  ../lib/two.nix\n]\n")
    with pytest.raises(ValueError, match=re.escape(f"{tree} is no whole tree of nixpkgs: it has no {lacking}")):
        folder.make(tree, tmp_path / "folder")
    assert not (tmp_path / "folder").exists()


def test_what_the_host_lacks_is_named_with_its_package(monkeypatch):
    monkeypatch.setattr(folder, "PROGRAMS", {"sh": "dash", "frobnicate": "frob-utils"})
    monkeypatch.setattr(folder, "FILES", {"etc/passw?": "base-passwd", "etc/frob/*": "frob-data"})
    with pytest.raises(
        LookupError, match=r"lacks: frobnicate \(Debian's frob-utils\), /etc/frob/\* \(Debian's frob-data\)$"
    ):
        folder.require_programs()


def test_what_the_test_host_installs_for_it_is_known():
    recipe = (ROOT / "dev/lib/host_tree.sh").read_text()
    (packages,) = re.findall(r"^readonly -a nixpkgs_packages=\((.*?)^\)", recipe, re.MULTILINE | re.DOTALL)
    assert {*folder.PROGRAMS.values(), *folder.FILES.values()} == set(packages.split())
