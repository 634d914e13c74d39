# containers.NAME.extra.storeView and storeViewPaths: how much of the host's store a container sees.
{ config, lib, ... }:

let
  containers = import ./containers.nix { inherit lib config; };

  isClosed = container: container.extra.storeView == "closure";

  inStore = path: builtins.substring 0 (builtins.stringLength builtins.storeDir + 1) path == "${builtins.storeDir}/";

  checks = name: container: [
    {
      assertion = isClosed container || container.extra.storeViewPaths == [ ];
      message = "containers.${name}.extra.storeViewPaths is for containers with extra.storeView = \"closure\"; this one sees the whole store.";
    }
    {
      assertion = builtins.all inStore (map toString container.extra.storeViewPaths);
      message = "containers.${name}.extra.storeViewPaths takes paths of ${builtins.storeDir}; other files are for containers.${name}.bindMounts.";
    }
  ];

  # The host starts container-init inside of the container, with the shell and `ip` of the host's evaluation.
  systemIf =
    isActive:
    { options, pkgs, ... }:
    {
      _file = ./store-view.nix;
      config = lib.optionalAttrs (options.system ? extraDependencies) {
        system.extraDependencies = lib.mkIf isActive (import ./start-paths.nix { inherit pkgs; });
      };
    };
in
{
  options.containers = lib.mkOption {
    type = lib.types.attrsOf (
      lib.types.submodule (
        { config, name, ... }:
        {
          options.extra = {
            storeView = lib.mkOption {
              type = lib.types.enum [
                "all"
                "closure"
              ];
              default = "all";
              description = ''
                What the container sees in /nix/store: all of the host's store, or only its system with everything that
                it refers to. With "closure" it has no access to the host's Nix either, neither daemon nor database.
              '';
            };
            storeViewPaths = lib.mkOption {
              type = lib.types.listOf lib.types.path;
              default = [ ];
              description = ''
                Paths of the store that the container sees as well, with everything that they refer to: what its system
                uses without referring to it.
              '';
            };
          };

          config = containers.extend name (isClosed config) systemIf;
        }
      )
    );
  };

  config.assertions = lib.concatLists (lib.mapAttrsToList checks config.containers);
}
