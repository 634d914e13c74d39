# What the flake uses and the nixpkgs of 20.09 does not have yet, so that all outputs can be evaluated with such a tree.
# `original` is the tree, `changed` the one whose NixOS has the module below.
{
  original,
  changed,
  system,
}:

let
  pythonNames = python: {
    # `pyproject` is newer than this way of saying it.
    buildPythonApplication =
      arguments:
      python.buildPythonApplication (removeAttrs arguments [ "pyproject" ] // { format = "pyproject"; });
    hatchling = python.setuptools;
  };

  overlay = _: previous: {
    python3Packages = previous.python3Packages // pythonNames previous.python3Packages;
    python3 = previous.python3 // {
      withPackages = select: previous.python3.withPackages (packages: select (packages // pythonNames packages));
    };
    # It took no `packages` then.
    mkShell =
      arguments: previous.mkShell (removeAttrs arguments [ "packages" ] // { buildInputs = arguments.packages; });
    iproute2 = previous.iproute;
    util-linux = previous.utillinux;
    ruff = previous.hello;
    # Written in Haskell, whose package list is too large for some copies of the tree.
    shellcheck = previous.hello;
    testers.nixosTest =
      (import (original + "/nixos/lib/testing-python.nix") {
        inherit pkgs system;
        extraConfigurations = [ module ];
      }).makeTest;
  };

  pkgs = import original {
    inherit system;
    overlays = [ overlay ];
  };

  module =
    { lib, ... }:
    {
      options = {
        boot.extraSystemdUnitPaths = lib.mkOption {
          type = lib.types.listOf lib.types.str;
          default = [ ];
        };
        nix.settings = lib.mkOption {
          type = lib.types.attrs;
          default = { };
        };
        services.getty.autologinUser = lib.mkOption {
          type = lib.types.nullOr lib.types.str;
          default = null;
        };
      };
      config.nixpkgs.overlays = [ overlay ];
    };
in
{
  inherit module;

  nixpkgs = {
    outPath = changed;
    lib = import (original + "/lib");
    legacyPackages.${system} = pkgs;
  };
}
