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
  # As on NixOS, a given set of packages gets the overlays, and one that the configuration names wins over everything else.
  packages =
    config:
    let
      settings = config.nixpkgs;
      inherit (settings.hostPlatform) system;
      isShared = pkgs != null && settings.config == { } && pkgs.system == system;
    in
    if settings.pkgs != null then
      if settings.pkgs ? writeTree then
        settings.pkgs.appendOverlays settings.overlays
      else
        throw "${lib.showOption (prefix ++ [ "nixpkgs" "pkgs" ])}: the built-in host base works with packages of its own alone. For those of a nixpkgs, give it with --nixpkgs-path."
    else if isShared then
      if settings.overlays == [ ] then pkgs else pkgs.appendOverlays settings.overlays
    else
      import ../.. {
        inherit system;
        inherit (settings) config overlays;
      };
  platform =
    # This configuration is not checked yet: whoever tells of a definition of no option shows its value, in which packages may be.
    { config, ... }:
    {
      _file = ./eval-config.nix;
      config = {
        _module.args = {
          inherit baseModules extraModules modules;
          utils = import ./utils.nix { inherit lib; };
          pkgs = lib.mkOverride 1400 (packages config);
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
