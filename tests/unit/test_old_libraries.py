"""The modules of the program's plugins ask no more of nixpkgs' library than the oldest one has."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NEWER = {"extra_container_pytest"}  # tests of NixOS modules need a nixpkgs that has NixOS tests
MODULES = [
    path for path in sorted(ROOT.glob("plugins/*/extra_container_*/nix/*.nix")) if path.parents[1].name not in NEWER
]
# What `lib.types` of NixOS 16.09 has.
TYPES = {
    *("addCheck", "attrs", "attrsOf", "bool", "commas", "either", "enum", "envVar", "int", "lines", "list", "listOf"),
    *("loaOf", "loeOf", "nullOr", "optionSet", "package", "path", "separatedString", "shellPackage", "str", "string"),
    *("submodule", "uniq", "unspecified"),
}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.parent.parent.name + "/" + path.name)
def test_types_that_every_nixpkgs_has(path):
    code = "\n".join(line.partition("#")[0] for line in path.read_text().splitlines())
    assert set(re.findall(r"\btypes\.(\w+)", code)) <= TYPES
