"""The outputs of the flake with a whole nixpkgs as input: what cannot be built offline is instantiated."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.nix.evaluator import ROOT, TREES, VARIABLE, Nix, copy_flake, link_tree

RELEASE = "20.09"


@pytest.fixture
def outputs(nix: Nix, flake: Path) -> Path:
    """A file with the flake's outputs for a nixpkgs of 2020 that has the names of today."""
    original = TREES[RELEASE]
    changed = nix.directory / "changed"
    names = ROOT / "tests/nix/newer_names.nix"
    call = f'import {names} {{ original = {original}; changed = {changed}; system = "x86_64-linux"; }}'
    own = {
        # Copied, so that its relative path leads to the changed file.
        "nixos/default.nix": (original / "nixos/default.nix").read_text(),
        "nixos/lib/eval-config.nix": f"arguments: import {original}/nixos/lib/eval-config.nix"
        f" (arguments // {{ modules = arguments.modules ++ [ ({call}).module ]; }})",
    }
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


@pytest.mark.skipif(RELEASE not in TREES, reason=f"{VARIABLE} does not name a tree {RELEASE}")
@pytest.mark.parametrize(
    "output", ["packages.default", "packages.test", "packages.vm", "checks.test", "checks.package", "devShells.default"]
)
def test_an_output_can_be_instantiated(nix, outputs, output):
    kind, name = output.split(".")
    done = nix.run("nix-instantiate", outputs, "-A", f"{kind}.x86_64-linux.{name}")
    assert done.stdout.strip().endswith(".drv")


@pytest.mark.skipif(RELEASE not in TREES, reason=f"{VARIABLE} does not name a tree {RELEASE}")
def test_the_package_takes_plugins(nix, outputs):
    plugin = f"""(python: [
      (python.buildPythonPackage {{
        pname = "extra-container-limits";
        version = "1.0";
        format = "pyproject";
        src = {ROOT}/examples/limits;
      }})
    ])"""
    wrapped = f"(import {outputs}).packages.x86_64-linux.default.withPlugins {plugin}"
    done = nix.run("nix-instantiate", "-E", wrapped)
    needed = nix.run("nix-store", "--query", "--references", done.stdout.strip()).stdout
    assert "extra-container-limits-1.0.drv" in needed
    assert "cliff" in needed


@pytest.mark.skipif(RELEASE not in TREES, reason=f"{VARIABLE} does not name a tree {RELEASE}")
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
    assert result["apps"]["debugTest"].endswith("/bin/nixos-test-driver")
    assert result["overlay"] == "package.nix"


PURE = [name for name in ("24.11", "26.11") if name in TREES]
SYSTEMS = ["x86_64-linux", "i686-linux", "aarch64-linux"]
NAMES = {
    "packages": ["default", "extra-container", "test", "vm"],
    "checks": ["package", "test"],
    "devShells": ["default"],
    "apps": ["debugTest", "default", "vm"],
}


@pytest.fixture(
    scope="module", params=PURE or [pytest.param("", marks=pytest.mark.skip(f"{VARIABLE}: no 24.11, 26.11"))]
)
def locked_flake(request: pytest.FixtureRequest) -> Iterator[tuple[Nix, str]]:
    """The flake, locked to a tree, and the store that has both.

    What is in the store already is not copied and hashed with every evaluation.
    """
    with tempfile.TemporaryDirectory(prefix="n", dir="/tmp") as directory:
        nix = Nix(directory=Path(directory))
        tree = nix.run("nix-store", "--add", TREES[request.param]).stdout.strip()
        reference = f"path:{copy_flake(nix.directory / 'flake')}"
        nix.run("nix", "flake", "lock", "--override-input", "nixpkgs", f"path:{tree}", reference)
        yield nix, json.loads(nix.run("nix", "flake", "metadata", "--json", reference).stdout)["url"]


def evaluate_purely(locked_flake, expression):
    """Return what an expression over ``flake`` comes to."""
    nix, url = locked_flake
    flake = f'let flake = builtins.getFlake "{url}"; in {expression}'
    return json.loads(nix.run("nix", "eval", "--json", "--expr", flake, GC_INITIAL_HEAP_SIZE="2G").stdout)


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_output_is_evaluated_in_pure_mode(locked_flake, system):
    # In one evaluation, since they share most of it.
    outputs = evaluate_purely(
        locked_flake,
        f"""let
          of = kind: flake.${{kind}}.{system};
          derivations = builtins.mapAttrs (_: output: output.drvPath);
        in {{
          packages = derivations (of "packages");
          checks = derivations (of "checks");
          devShells = derivations (of "devShells");
          apps = builtins.mapAttrs (_: app: app.program) (of "apps");
          lib.containers = (flake.lib.buildContainers {{
            system = "{system}";
            config.containers.demo = {{ extra.addressPrefix = "10.250.7"; config = {{ }}; }};
          }}).drvPath;
        }}""",
    )
    assert {kind: sorted(outputs[kind]) for kind in NAMES} == NAMES
    store = str(locked_flake[0].directory / "store")
    assert all(value.startswith(store) for kind in outputs.values() for value in kind.values())


def test_what_is_for_other_flakes_is_evaluated_in_pure_mode(locked_flake):
    assert evaluate_purely(
        locked_flake,
        """{
          overlay = (flake.overlays.default { callPackage = file: _: baseNameOf file; } { }).extra-container;
          module = map builtins.isPath (flake.nixosModules.default { lib.mkDefault = value: value; }).imports;
        }""",
    ) == {"overlay": "package.nix", "module": [True]}


def test_the_example_is_evaluated_in_pure_mode(locked_flake):
    nix, url = locked_flake
    locked = json.loads((nix.directory / "flake/flake.lock").read_text())["nodes"]["nixpkgs"]["locked"]
    tree = f"path:{locked['path']}?lastModified={locked['lastModified']}&narHash={quote(locked['narHash'], safe='')}"
    example = shutil.copytree(ROOT / "examples/flake", nix.directory / "example")
    inputs = {"extra-container": url, "nixpkgs": tree}
    overrides = [word for name, place in inputs.items() for word in ("--override-input", name, place)]
    option = f"path:{example}#default.containers.demo.config.services.hello.text"
    done = nix.run("nix", "eval", "--json", "--no-write-lock-file", *overrides, option)
    assert json.loads(done.stdout) == "hello from a flake"
