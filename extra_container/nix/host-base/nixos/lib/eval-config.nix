# Evaluates NixOS modules: { config, options, pkgs, … }. Takes the arguments of nixpkgs' function of that path.
{
  system ? builtins.currentSystem or null,
  pkgs ? null,
  lib ? import ../../lib,
  baseModules ? import ../modules/module-list.nix,
  modules,
  extraModules ? [ ],
  modulesLocation ? null,
  specialArgs ? { },
  extraArgs ? { },
  prefix ? [ ],
  check ? true,
}:
let
  located =
    if modulesLocation == null then modules else map (lib.setDefaultModuleLocation modulesLocation) modules;
  evaluated = lib.evalModules {
    inherit prefix;
    class = "nixos";
    modules = [ platform ] ++ baseModules ++ extraModules ++ located;
    specialArgs = {
      modulesPath = toString ../modules;
    }
    // specialArgs;
  };
  platform = {
    _file = ./eval-config.nix;
    config = {
      _module.args = {
        inherit baseModules extraModules modules;
        utils = import ./utils.nix { inherit lib; };
        pkgs = lib.mkOverride 1400 (
          if pkgs != null then
            pkgs
          else
            import ../.. {
              inherit (evaluated.config.nixpkgs.hostPlatform) system;
              inherit (evaluated.config.nixpkgs) overlays;
            }
        );
      }
      // extraArgs;
      _module.check = lib.mkDefault check;
      nixpkgs.system = lib.mkIf (system != null) (lib.mkOverride 1400 system);
    };
  };
in
evaluated
// {
  inherit lib extraArgs;
  inherit (evaluated._module.args) pkgs;
}
