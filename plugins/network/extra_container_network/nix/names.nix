# containers.NAME.extra.registerName and resolvePeers: names instead of addresses.
{ config, lib, ... }:

let
  containers = import ./containers.nix { inherit lib config; };

  hasAddress = container: containers.localAddresses container != [ ];
  named = lib.filterAttrs (_: hasAddress) (containers.active "registerName");
  resolving = containers.active "resolvePeers";

  run = "/bin/sh ${./scripts/host-name.sh}";

  reachable = lib.filterAttrs (_: container: container.privateNetwork && hasAddress container) config.containers;

  linesFor =
    own:
    lib.concatStrings (
      lib.mapAttrsToList (
        name: container:
        lib.concatMapStrings (address: "${address} ${name}\n") (containers.localAddresses container)
      ) (removeAttrs reachable [ own ])
    );
in
{
  options.containers = lib.mkOption {
    type = lib.types.attrsOf (
      lib.types.submodule (
        { config, name, ... }:
        {
          options.extra = {
            registerName = lib.mkOption {
              type = lib.types.bool;
              default = true;
              description = ''
                Let the container's name resolve on the host while the container runs. A host with nss-mymachines does that
                by itself; on others the name stands in /etc/hosts for that time.
                Only active with privateNetwork and a local address.
              '';
            };
            resolvePeers = lib.mkOption {
              type = lib.types.bool;
              default = false;
              description = ''
                Let the names of the other containers of the definition that have a local address resolve in this container.
                Traffic between containers passes the host: it needs forwarding, which enableWAN switches on.
                Only active with privateNetwork.
              '';
            };
          };

          config =
            lib.mkIf (config.privateNetwork && config.extra.resolvePeers && containers.hasConfig name)
              {
                config = {
                  _file = ./names.nix;
                  config.networking.extraHosts = linesFor name;
                };
              };
        }
      )
    );
  };

  config = {
    assertions = containers.needsConfig "resolvePeers" containers.hasConfig resolving;

    systemd.services = lib.mapAttrs' (
      name: container:
      lib.nameValuePair "container@${name}" {
        postStart = ''
          ${run} start ${lib.escapeShellArgs ([ name ] ++ containers.localAddresses container)}
        '';
        postStop = ''
          ${run} stop ${lib.escapeShellArg name}
        '';
      }
    ) named;
  };
}
