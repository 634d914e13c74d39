# containers.NAME.extra.privateUsers: users of the container's own.
{ config, lib, ... }:

let
  containers = import ./containers.nix { inherit lib config; };

  checks = name: container: [
    {
      assertion = !container.extra.privateUsers || container ? privateUsers;
      message = "containers.${name}.extra.privateUsers needs a nixpkgs that has containers.NAME.privateUsers: NixOS 25.05 or newer.";
    }
    {
      assertion = !container.extra.privateUsers || !(container ? privateUsers) || containers.hasUsers container;
      message = "${
        if container.extra.profile == "hardened" then
          "containers.${name}.extra.profile = \"hardened\""
        else
          "containers.${name}.extra.privateUsers"
      } asks for users of the container's own, and containers.${name}.privateUsers = ${
        builtins.toJSON (container.privateUsers or null)
      } forbids them: take one of the two away.";
    }
  ];
in
{
  options.containers = lib.mkOption {
    type = lib.types.attrsOf (
      lib.types.submodule (
        { config, options, ... }:
        {
          options.extra.privateUsers = lib.mkOption {
            type = lib.types.bool;
            default = false;
            description = ''
              Give the container users of its own: its root is nobody on the host. Files in it, in the store and in bind
              mounts belong to the same users as on the host, as the container sees them.
            '';
          };
          config = lib.optionalAttrs (options ? privateUsers) {
            privateUsers = lib.mkIf config.extra.privateUsers (lib.mkDefault "pick");
          };
        }
      )
    );
  };

  config.assertions = lib.concatLists (lib.mapAttrsToList checks config.containers);
}
