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

  # Modules are merged in the order in which NixOS lists them, because texts and lists keep it: after nixpkgs' own, but for some
  # releases before 20.09.
  listsUsersFirst =
    builtins.length (
      builtins.split "modules = modules [+][+] extraModules [+][+] baseModules" (
        builtins.readFile (nixos + "/lib/eval-config.nix")
      )
    ) > 1;

  evaluated = lib.evalModules {
    modules = if listsUsersFirst then modules ++ ofTree else ofTree ++ modules;
    specialArgs.modulesPath = toString (nixos + "/modules");
  };

  # Since 22.05 the library declares and renders services; before, only systemd.nix could.
  hasSystemdTypes = builtins.pathExists (nixos + "/lib/systemd-types.nix");
in
{
  inherit (evaluated) config options;
  # `_module` was a part of the configuration before 21.05.
  inherit ((evaluated._module or evaluated.config._module).args) pkgs;
  inherit lib;
}
