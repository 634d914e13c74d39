# Evaluation with the complete module list of a tree, through the tree's own eval-config.nix.
#
# Result: { config, options, pkgs, lib } as eval-config.nix gives them.
{
  # The `nixos` folder of the tree.
  nixos,
  system,
  modules,
}:

let
  # What a plain NixOS demands of every host and what the definition of a container does not say. A tree that does not declare
  # these options (the built-in host base) does not demand them either.
  host =
    { lib, options, ... }:
    {
      config =
        lib.optionalAttrs (options ? fileSystems) {
          fileSystems."/" = lib.mkDefault {
            device = "none";
            fsType = "tmpfs";
          };
        }
        // lib.optionalAttrs (options ? boot && options.boot ? loader && options.boot.loader ? grub) {
          boot.loader.grub.enable = lib.mkDefault false;
        };
    };

  evaluated = import (nixos + "/lib/eval-config.nix") {
    inherit system;
    modules = modules ++ [ host ];
  };
in
{
  inherit (evaluated) config options pkgs;
  lib = evaluated.lib or evaluated.pkgs.lib;
}
