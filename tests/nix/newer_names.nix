# What the flake uses and a nixpkgs tree of 2018 does not have yet, so that all outputs can be evaluated with such a tree.
# `original` is the tree, `changed` the one that has this.
{
  original,
  changed,
  system,
}:

let
  pythonNames = python: {
    buildPythonApplication = arguments: python.buildPythonApplication (removeAttrs arguments [ "pyproject" ]);
    cliff = python.setuptools;
    hatchling = python.setuptools;
    mypy = python.setuptools;
    pluggy = python.setuptools;
    pytest = python.setuptools;
    stevedore = python.setuptools;
    structlog = python.setuptools;
  };

  overlay = _: previous: {
    python3Packages = previous.python3Packages // pythonNames previous.python3Packages;
    python3 = previous.python3 // {
      withPackages = select: previous.python3.withPackages (packages: select (packages // pythonNames packages));
    };
    installShellFiles = previous.writeText "install-shell-files" "";
    iproute2 = previous.iproute;
    mkShell = arguments: previous.mkShell (removeAttrs arguments [ "packages" ] // { buildInputs = arguments.packages; });
    ruff = previous.hello;
    # Written in Haskell, whose package list is left out of the tree.
    shellcheck = previous.hello;
    runtimeShell = previous.stdenv.shell;
    testers.nixosTest = (import (changed + "/nixos/lib/testing.nix") { inherit system; }).makeTest;
    util-linux = previous.utillinux;
  };
in
{
  module =
    { lib, ... }:
    {
      options = {
        boot.extraSystemdUnitPaths = lib.mkOption {
          type = lib.types.listOf lib.types.str;
          default = [ ];
        };
        documentation.enable = lib.mkOption {
          type = lib.types.bool;
          default = true;
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

  nixpkgs = {
    outPath = changed;
    lib = import (original + "/lib");
    legacyPackages.${system} = import original {
      inherit system;
      overlays = [ overlay ];
    };
  };
}
