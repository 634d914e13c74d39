# Evaluation of a definition without the modules of a host.
#
# From nixpkgs come the container module, the library, and the three modules below, which are the same since 2013. Everything
# else that makes a NixOS host is absent, so it cannot break. Options that nobody here declares do not exist: a misspelt name in
# the definition is the module system's own error.
#
# Result: { config, options, pkgs, lib } as full.nix gives them.
{
  # The `nixos` folder of the tree.
  nixos,
  system,
  modules,
  # See evaluate.nix.
  kernelVersion,
}:

let
  lib = import (nixos + "/../lib");

  ofTree = [
    # `assertions` and `warnings`.
    (nixos + "/modules/misc/assertions.nix")
    # `nixpkgs.*` and the module argument `pkgs`.
    (nixos + "/modules/misc/nixpkgs.nix")
    # The module argument `utils`, which holds the systemd library.
    (nixos + "/modules/misc/extra-arguments.nix")
    (import ./container-module.nix { inherit nixos; })
    (import ./host.nix { inherit system kernelVersion; })
    ./etc.nix
    (if hasSystemdTypes then ./units.nix else import ./units-legacy.nix { inherit nixos; })
  ];

  evaluated = lib.evalModules {
    # In the order of NixOS, because texts and lists keep it.
    modules = ofTree ++ modules;
    specialArgs.modulesPath = toString (nixos + "/modules");
  };

  # Since 22.05 the library declares and renders services; before, only systemd.nix could.
  hasSystemdTypes = builtins.pathExists (nixos + "/lib/systemd-types.nix");
in
{
  inherit (evaluated) options;
  config = import ./checked.nix { inherit evaluated lib; };
  # `_module` was a part of the configuration before 21.05.
  inherit ((evaluated._module or evaluated.config._module).args) pkgs;
  inherit lib;
}
