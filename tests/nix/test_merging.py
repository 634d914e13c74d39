"""What a definition adds to containers is merged as on NixOS; packages are shared only where they are the same."""

from __future__ import annotations

import pytest

from tests.nix.evaluator import BASES, is_complete

WAYS = pytest.mark.parametrize(
    ("base", "mode"),
    [(name, "small") for name in BASES] + [(name, "full") for name in BASES if is_complete(name)],
    indirect=["base"],
)


ADDITIONS = """{
  containers.demo.config = { };
  systemd.services."container@demo" = { preStart = "echo mine"; path = [ "/opt/mine" ]; };
}"""


def order(base, definition, mode):
    """Return whether a user's commands, and a user's path, come after those of nixpkgs."""
    found = base.value('{ inherit (service "demo") preStart; inherit (unit "demo") text; }', definition, mode=mode)
    (path,) = (line for line in found["text"].splitlines() if line.startswith('Environment="PATH='))
    script = found["preStart"]
    return (
        script.index("machinectl terminate") < script.index("echo mine"),
        "iproute" in path.partition("/opt/mine")[0],
    )


@WAYS
def test_a_users_commands_and_paths_come_after_those_of_nixpkgs(base, mode):
    if base.is_host_base:
        found = base.value('(service "demo").preStart', ADDITIONS)
        assert found.index("machinectl terminate") < found.index("echo mine")
    else:
        assert order(base, ADDITIONS, mode) == (True, True)


def test_the_order_is_that_of_the_full_way(complete_tree):
    nested = complete_tree.nix.file(f"{{ imports = [ {complete_tree.nix.file(ADDITIONS)} ]; }}", "nested.nix")
    for definition in (ADDITIONS, nested):
        assert order(complete_tree, definition, "small") == order(complete_tree, definition, "full")


@WAYS
def test_the_state_version_of_the_host_part_can_be_read(base, mode):
    definition = """{ config, ... }: {
      containers.wiki.config = { _module.args.hostRelease = config.system.stateVersion; };
    }"""
    base.warnings(definition, mode=mode)
    release = base.value("config.system.stateVersion", definition, mode=mode)
    assert base.is_host_base or release == base.release


@WAYS
def test_a_container_given_by_a_path(base, mode):
    inner = base.nix.file('{ networking.hostName = "other"; }', "inner.nix")
    definition = f"{{ containers.demo.config = {inner}; }}"
    assert base.value("containers.demo.config.networking.hostName", definition, mode=mode) == "other"


def test_a_container_without_a_state_version_gets_the_release_without_a_warning(tree):
    definition = "{ containers.demo.config = { }; }"
    assert "stateVersion" not in tree.warnings(definition)
    assert tree.value("containers.demo.config.system.stateVersion", definition) == tree.release


@pytest.mark.parametrize("value", ['"18.03"', 'lib.mkDefault "18.03"'])
def test_a_containers_own_state_version(tree, value):
    definition = f"{{ lib, ... }}: {{ containers.demo.config.system.stateVersion = {value}; }}"
    assert tree.value("containers.demo.config.system.stateVersion", definition) == "18.03"


def release_gives_its_packages(tree):
    module = tree.tree / "nixos/modules/virtualisation/nixos-containers.nix"
    return module.is_file() and "pkgs = confPkgs;" in module.read_text()


def test_packages_that_the_host_part_chose_itself_are_not_shared(tree):
    definition = """{ lib, modulesPath, ... }: {
      _module.args.pkgs = lib.mkOverride 55 (
        import (toString modulesPath + "/../..") {
          system = "x86_64-linux";
          config.allowUnfree = true;
        }
      );
      containers.demo.config = { pkgs, lib, ... }: {
        options.unfree = lib.mkOption { default = pkgs.config.allowUnfree or false; };
      };
    }"""
    # The module of 20.09 (nixos-containers.nix) gives containers the host's packages itself.
    of_host = release_gives_its_packages(tree)
    assert tree.value("containers.demo.config.unfree", definition) is of_host
    assert tree.value("result.pkgs.config.allowUnfree", definition) is True


def test_a_platform_of_the_old_kind_in_a_container_is_treated_as_by_nixos(tree):
    definition = '{ containers.demo.config.nixpkgs.localSystem.system = "i686-linux"; }'
    if tree.release >= "22.11":
        # NixOS wants to say that the option is one too many beside hostPlatform, and stumbles over the value.
        assert "Use pkgs.stdenv.hostPlatform instead" in tree.error(definition)
    elif tree.release < "18.09":
        assert "nixpkgs.localSystem' defined in" in tree.error(definition)
    else:
        system = tree.value("containers.demo.config.nixpkgs.localSystem.system or ''none''", definition)
        assert system == "i686-linux"


def test_links_that_start_a_container_along_with_other_units(host_base):
    etc = host_base.build(
        """{
          containers.demo.config = { };
          systemd.services."container@demo" = {
            wantedBy = [ "multi-user.target" ];
            requiredBy = [ "app.service" ];
            upheldBy = [ "b.target" ];
          };
        }"""
    )
    units = etc / "etc/systemd/system"
    for directory in ("multi-user.target.wants", "app.service.requires", "b.target.upholds"):
        assert str((units / directory / "container@demo.service").readlink()) == "../container@demo.service"


@WAYS
def test_another_name_of_a_containers_unit_is_refused(base, mode):
    definition = '{ containers.demo.config = { }; systemd.services."container@demo".aliases = [ "demo.service" ]; }'
    error = base.error(definition, mode=mode)
    if base.release < "18.03":
        assert "option `systemd.services.container@demo.aliases' defined in `the given expression' does not" in error
        return
    assert 'systemd.services."container@demo".aliases: the unit of a container has no other name' in error
    assert "demo.service" in error
