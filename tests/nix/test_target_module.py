"""The NixOS module of a machine that gets its containers from others, among stand-ins for the options of a host."""

import json

import pytest

from tests.nix.evaluator import HOST_BASE

PACKAGE = 'programs.extra-container.package = derivation { name = "p"; system = "s"; builder = "b"; };'
SETTINGS = f"""
  {PACKAGE}
  programs.extra-container.target = {{
    enable = true;
    authorizedKeys = [ "ssh-ed25519 AAAA deploy" ];
    trustedPublicKeys = [ "builder-1:kWbJ" ];
  }};
"""


def evaluate(nix, flake, settings, nix_options):
    done = nix.run(
        "nix-instantiate", "--eval", "--strict", "--json", "-E",
        f"""
          let
            lib = import {HOST_BASE}/lib;
            flake = (import {flake}/flake.nix).outputs {{ self = {{ }}; nixpkgs = {{ }}; }};
            list = lib.mkOption {{ type = lib.types.listOf lib.types.unspecified; default = [ ]; }};
            any = lib.mkOption {{ type = lib.types.attrsOf lib.types.unspecified; default = {{ }}; }};
            host.options = {{
              boot.enableContainers = lib.mkOption {{ type = lib.types.bool; default = false; }};
              boot.extraSystemdUnitPaths = list;
              environment.systemPackages = list;
              systemd.targets.multi-user.wants = list;
              assertions = list;
              users.users = any;
              users.groups = any;
              security.sudo.extraRules = list;
              nix = {nix_options};
            }};
            packages._module.args.pkgs = {{ }};
            modules = [ flake.nixosModules.target host packages {{ {settings} }} ];
            inherit (lib.evalModules {{ inherit modules; }}) config;
          in
          {{
            inherit (config) assertions nix;
            inherit (config.users) users groups;
            rules = config.security.sudo.extraRules;
            program = "${{config.programs.extra-container.package}}/bin/extra-container";
            installed = builtins.length config.environment.systemPackages;
          }}
        """,
    )  # fmt: skip
    return json.loads(done.stdout)


NEW = "{ settings.trusted-public-keys = list; settings.trusted-users = list; }"
OLD = "{ binaryCachePublicKeys = list; trustedUsers = list; }"


@pytest.mark.parametrize("options", [NEW, OLD])
def test_the_module_of_a_machine_that_gets_containers(nix, flake, options):
    """Its key may call one command, sudo lets it call that one as root, and Nix takes what others have signed."""
    found = evaluate(nix, flake, SETTINGS, options)
    serve = f"{found['program']} serve-ssh"
    user = found["users"]["extra-container"]
    assert user["openssh"]["authorizedKeys"]["keys"] == [f'restrict,pty,command="{serve}" ssh-ed25519 AAAA deploy']
    (rule,) = found["rules"]
    assert rule["users"] == ["extra-container"]
    assert rule["commands"] == [{"command": f"{serve} -- *", "options": ["NOPASSWD"]}]
    keys = found["nix"]["settings"]["trusted-public-keys"] if options == NEW else found["nix"]["binaryCachePublicKeys"]
    assert keys == ["builder-1:kWbJ"]
    assert found["installed"] == 1
    assert all(each["assertion"] for each in found["assertions"])


def test_a_user_who_is_trusted_is_refused(nix, flake):
    trusting = 'nix.settings.trusted-users = [ "extra-container" ];'
    (assertion,) = evaluate(nix, flake, SETTINGS + trusting, NEW)["assertions"]
    assert not assertion["assertion"]
    assert "as good as root" in assertion["message"]


def test_without_enable_there_is_nothing(nix, flake):
    found = evaluate(nix, flake, PACKAGE, NEW.replace("settings.trusted-users = list;", ""))
    assert (found["users"], found["rules"], found["assertions"], found["installed"]) == ({}, [], [], 0)
