"""The flake: every output is evaluated with real Nix, and what can be built offline is built and run."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.nix.evaluator import HOST_BASE, ROOT, Nix, copy_host_base

USER = """{
  inputs.extra-container.url = "path:@flake@";
  inputs.extra-container.inputs.nixpkgs.url = "path:@nixpkgs@";
  outputs = { self, extra-container }: extra-container.lib.eachSupportedSystem (system: {
    packages.default = extra-container.lib.buildContainers {
      inherit system;
      plugins = [ { systemd.services."container@demo".serviceConfig.Nice = 7; } ];
      config.containers.demo = { autoStart = true; config = { }; };
    };
    packages.bare = extra-container.lib.buildContainers {
      inherit system;
      addRunner = false;
      legacyInstallDirs = true;
      config.containers.demo.config = { };
    };
  });
}"""

STAND_IN = """#!/bin/sh
echo "$EXTRA_CONTAINER_ETC"
for word in "$@"; do echo "[$word]"; done
cat
exit 7
"""


@pytest.fixture
def user_flake(nix: Nix, flake: Path) -> str:
    """A user's flake that builds containers; the reference to it."""
    nixpkgs = copy_host_base(nix.directory / "nixpkgs")
    text = USER.replace("@flake@", str(flake)).replace("@nixpkgs@", str(nixpkgs))
    return f"path:{nix.file(text, 'user/flake.nix').parent}"


def build(nix: Nix, reference: str) -> Path:
    # The host base looks at the host, which pure evaluation forbids.
    nix.run("nix", "build", "--impure", "--no-write-lock-file", reference, "--out-link", nix.directory / "result")
    return (nix.directory / "result").resolve()


def test_containers_of_a_flake_are_built_with_a_runner(nix, user_flake):
    built = build(nix, f"{user_flake}#packages.x86_64-linux.default")
    assert built.name.endswith("-container")
    assert "AUTO_START=1" in (built / "etc/nixos-containers/demo.conf").read_text().splitlines()
    assert "Nice=7" in (built / "etc/systemd/system/container@demo.service").read_text().splitlines()

    tools = nix.directory / "tools"
    tools.mkdir()
    stand_in = tools / "extra-container"
    stand_in.write_text(STAND_IN)
    stand_in.chmod(0o755)
    done = subprocess.run(
        [built / "bin/container", "--run", "c", "a b", "$x", ""],
        env={"PATH": f"{tools}:/usr/bin:/bin"},
        input="from stdin",
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 7
    assert done.stdout.splitlines() == [str(built), "[--run]", "[c]", "[a b]", "[$x]", "[]", "from stdin"]


def test_the_runner_says_that_the_program_is_missing(nix, user_flake):
    built = build(nix, f"{user_flake}#packages.x86_64-linux.default")
    done = subprocess.run(
        [built / "bin/container", "create"], env={"PATH": "/nowhere"}, check=False, capture_output=True, text=True
    )
    assert done.returncode == 127
    assert "extra-container is not installed" in done.stderr
    assert done.stdout == ""


def test_without_runner_and_for_old_hosts(nix, user_flake):
    built = build(nix, f"{user_flake}#packages.x86_64-linux.bare")
    assert not (built / "bin").exists()
    assert (built / "etc/containers/demo.conf").is_file()


def test_a_build_tells_its_configuration(nix, user_flake):
    reference = f"{user_flake}#packages.x86_64-linux.default"
    argv = ["nix", "eval", "--impure", "--json", "--no-write-lock-file"]
    done = nix.run(*argv, f"{reference}.containers.demo.config.networking.hostName")
    assert json.loads(done.stdout) == "demo"
    assert json.loads(nix.run(*argv, f"{reference}.config.containers.demo.autoStart").stdout) is True


def test_a_misspelt_name_fails_in_a_flake_too(nix, flake):
    done = nix.run(
        "nix-instantiate",
        "--eval",
        "-E",
        f"""((import {flake}/nix/lib.nix {{ nixpkgs = {HOST_BASE}; }}).buildContainers {{
          system = "x86_64-linux";
          config.containrs.demo = {{ }};
        }}).drvPath""",
        check=False,
    )
    assert done.returncode != 0
    assert "containrs" in done.stderr
    assert "the flake's definition of containers" in done.stderr


def test_a_definition_in_a_flake_names_its_nixpkgs(nix, flake):
    done = nix.run(
        "nix-instantiate",
        "--eval",
        "--strict",
        "--json",
        "-E",
        f"""((import {flake}/nix/lib.nix {{ nixpkgs = "/nowhere"; }}).evalContainers {{
          system = "x86_64-linux";
          config = {{ nixpkgsPath = {HOST_BASE}; containers.demo.config = {{ }}; }};
        }}).names""",
    )
    assert json.loads(done.stdout) == ["demo"]


def test_each_supported_system(nix, flake):
    done = nix.run(
        "nix-instantiate",
        "--eval",
        "--strict",
        "--json",
        "-E",
        f"""let lib = import {flake}/nix/lib.nix {{ nixpkgs = {HOST_BASE}; }}; in {{
          systems = lib.supportedSystems;
          outputs = lib.eachSupportedSystem (system: {{ packages.a = system; checks.b = 1; }});
        }}""",
    )
    result = json.loads(done.stdout)
    assert {"x86_64-linux", "aarch64-linux"} <= set(result["systems"])
    assert result["outputs"] == {
        "packages": {system: {"a": system} for system in result["systems"]},
        "checks": {system: {"b": 1} for system in result["systems"]},
    }


def module_values(nix: Nix, flake: Path, settings: str) -> dict[str, object]:
    """Return what the NixOS module sets, evaluated among stand-ins for the options of a host."""
    done = nix.run(
        "nix-instantiate",
        "--eval",
        "--strict",
        "--json",
        "-E",
        f"""
          let
            lib = import {HOST_BASE}/lib;
            flake = (import {flake}/flake.nix).outputs {{ self = {{ }}; nixpkgs = {{ }}; }};
            list = lib.mkOption {{ type = lib.types.listOf lib.types.unspecified; default = [ ]; }};
            host.options = {{
              boot.enableContainers = lib.mkOption {{ type = lib.types.bool; default = false; }};
              boot.extraSystemdUnitPaths = list;
              environment.systemPackages = list;
              systemd.targets.multi-user.wants = list;
            }};
            packages._module.args.pkgs = {{ }};
            inherit (lib.evalModules {{
              modules = [ flake.nixosModules.default host packages ({settings}) ];
            }}) config;
          in
          {{
            containers = config.boot.enableContainers;
            paths = config.boot.extraSystemdUnitPaths;
            packages = map toString config.environment.systemPackages;
            wants = config.systemd.targets.multi-user.wants;
          }}
        """,
    )
    values = json.loads(done.stdout)
    assert isinstance(values, dict)
    return values


OWN_PACKAGE = 'programs.extra-container.package = derivation { name = "p"; system = "s"; builder = "b"; };'


def test_the_module_makes_a_host_ready(nix, flake):
    values = module_values(nix, flake, f"{{ {OWN_PACKAGE} }}")
    assert values["paths"] == ["/etc/systemd-mutable/system"]
    assert len(values["packages"]) == 1
    assert values["containers"] is True
    assert values["wants"] == []


def test_the_module_lets_containers_start_on_a_host_without_its_own(nix, flake):
    values = module_values(nix, flake, f"{{ {OWN_PACKAGE} boot.enableContainers = false; }}")
    assert values["containers"] is False
    assert values["wants"] == ["machines.target"]


def test_the_module_can_be_switched_off(nix, flake):
    values = module_values(nix, flake, "{ programs.extra-container.enable = false; }")
    assert values == {"containers": False, "paths": [], "packages": [], "wants": []}


def test_modules_of_plugins_have_their_argument_on_a_host_that_imports_the_module(nix, flake):
    takes = "({ extraContainer, ... }: { environment.systemPackages = [ (extraContainer.inputs.x or 7) ]; })"
    values = module_values(nix, flake, f"{{ programs.extra-container.enable = false; imports = [ {takes} ]; }}")
    assert values["packages"] == ["7"]


def test_the_package(nix, flake):
    """What the package asks nixpkgs for, evaluated with stand-ins for nixpkgs' functions."""
    done = nix.run(
        "nix-instantiate",
        "--eval",
        "--strict",
        "--json",
        "-E",
        f"""
          let
            lib = import {HOST_BASE}/lib // {{
              cleanSourceWith = arguments: arguments;
              licenses.mit = "MIT";
              platforms.linux = [ ];
            }};
            package = import {flake}/nix/package.nix {{
              inherit lib;
              installShellFiles = "installShellFiles";
              e2fsprogs = "/e2fsprogs";
              iproute2 = "/iproute2";
              openssh = "/openssh";
              strace = "/strace";
              util-linux = "/util-linux";
              python3Packages = {{
                buildPythonApplication = arguments: arguments // arguments.passthru;
                hatchling = "hatchling";
                cliff = "cliff";
                pluggy = "pluggy";
                stevedore = "stevedore";
                structlog = "structlog";
                more = "more";
              }};
            }};
            withMore = package.withPlugins (python: [ python.more ]);
            kept = name: package.src.filter "{flake}/${{name}}" "regular";
          in
          {{
            inherit (package) pname version propagatedBuildInputs makeWrapperArgs;
            more = withMore.propagatedBuildInputs;
            twice = (withMore.withPlugins (_: [ "last" ])).propagatedBuildInputs;
            kept = builtins.filter kept [
              "extra_container/nix/eval.nix" "plugins/x" "nix/lib.nix" "tests/x" "README.md"
            ];
            cache = kept "extra_container/__pycache__";
          }}
        """,
    )
    package = json.loads(done.stdout)
    assert package["pname"] == "extra-container"
    assert f'version = "{package["version"]}"' in (ROOT / "pyproject.toml").read_text()
    libraries = ["cliff", "pluggy", "stevedore", "structlog"]
    assert package["propagatedBuildInputs"] == libraries
    assert package["more"] == [*libraries, "more"]
    assert package["twice"] == [*libraries, "more", "last"]
    assert package["kept"] == ["extra_container/nix/eval.nix", "plugins/x", "README.md"]
    assert package["cache"] is False
    assert package["makeWrapperArgs"][0] == "--suffix"


def test_the_package_has_the_programs_dependencies():
    project = (ROOT / "pyproject.toml").read_text()
    package = (ROOT / "nix/package.nix").read_text()
    dependencies = project.partition("dependencies = [")[2].partition("]")[0]
    names = [line.split('"')[1].partition(">")[0] for line in dependencies.splitlines() if '"' in line]
    assert names
    assert [name for name in names if f"pythonPackages.{name}" not in package] == []
