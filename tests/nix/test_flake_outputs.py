"""The outputs of the flake with a whole nixpkgs as input: what cannot be built offline is instantiated."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.nix.evaluator import ROOT, TREES, VARIABLE, Nix, link_tree

COPIED = ["nixos/default.nix", "nixos/lib/testing.nix", "nixos/lib/build-vms.nix"]


@pytest.fixture
def outputs(nix: Nix, flake: Path) -> Path:
    """A file with the flake's outputs for a nixpkgs of 2018 that has the names of today."""
    original = TREES["18.03"]
    changed = nix.directory / "changed"
    names = ROOT / "tests/nix/newer_names.nix"
    call = f'import {names} {{ original = {original}; changed = {changed}; system = "x86_64-linux"; }}'
    # Copied, so that their relative paths lead to the changed tree.
    own = {name: (original / name).read_text() for name in COPIED}
    own["nixos/lib/eval-config.nix"] = (
        f"arguments: import {original}/nixos/lib/eval-config.nix"
        f" (arguments // {{ modules = arguments.modules ++ [ ({call}).module ]; }})"
    )
    link_tree(original, changed, own)
    return nix.file(
        f"""let
          self = (import {flake}/flake.nix).outputs {{
            self = self // {{ outPath = {flake}; }};
            inherit ({call}) nixpkgs;
          }};
        in self""",
        "outputs.nix",
    )


@pytest.mark.skipif("18.03" not in TREES, reason=f"{VARIABLE} does not name a tree 18.03")
@pytest.mark.parametrize(
    "output", ["packages.default", "packages.test", "packages.vm", "checks.test", "checks.package", "devShells.default"]
)
def test_an_output_can_be_instantiated(nix, outputs, output):
    kind, name = output.split(".")
    done = nix.run("nix-instantiate", outputs, "-A", f"{kind}.x86_64-linux.{name}")
    assert done.stdout.strip().endswith(".drv")


@pytest.mark.skipif("18.03" not in TREES, reason=f"{VARIABLE} does not name a tree 18.03")
def test_the_outputs_are_complete(nix, outputs):
    what = """outputs: {
      names = builtins.attrNames outputs;
      apps = builtins.mapAttrs (_: app: app.program) outputs.apps.x86_64-linux;
      overlay = (outputs.overlays.default { callPackage = file: _: baseNameOf file; } { }).extra-container;
    }"""
    done = nix.run("nix-instantiate", "--eval", "--strict", "--json", "-E", f"({what}) (import {outputs})")
    result = json.loads(done.stdout)
    assert result["names"] == ["apps", "checks", "devShells", "lib", "nixosModules", "overlays", "packages"]
    assert result["apps"]["default"].endswith("/bin/extra-container")
    assert result["apps"]["vm"].endswith("/bin/run-extra-container-vm")
    assert result["overlay"] == "package.nix"
