# containers.NAME.extra.registerName and resolvePeers: names instead of addresses.
{ config, lib, ... }:

let
  containers = import ./containers.nix { inherit lib config; };

  hasAddress = container: containers.localAddresses container != [ ];
  named = lib.filterAttrs (_: hasAddress) (containers.active "registerName");
  resolving = containers.active "resolvePeers";

  run = "/bin/sh ${./scripts/host-name.sh}";

  # The host's directory of the containers that run, and where a container sees it.
  hostNames = "/run/extra-container/names";
  seenNames = "/run/extra-container-names";

  # Part of the system of a container that resolves its peers.
  peersIf = name: isActive: {
    _file = ./names.nix;
    config = lib.mkIf isActive {
      # Before anything else runs, and again after each live update: both link /etc/hosts anew.
      system.activationScripts.extraContainerPeers = {
        deps = [ "etc" ];
        text = "/bin/sh ${./scripts/peer-names.sh} ${seenNames} ${name}";
      };
      systemd.services.extra-container-peers = {
        description = "Names of other containers";
        # Peers may come and go as often as they like; at the limit, the path unit would end for good.
        unitConfig.StartLimitIntervalSec = 0;
        serviceConfig.Type = "oneshot";
        script = "exec /bin/sh ${./scripts/peer-names.sh} ${seenNames} ${name}";
      };
      systemd.paths.extra-container-peers = {
        wantedBy = [ "multi-user.target" ];
        unitConfig.StartLimitIntervalSec = 0;
        pathConfig = {
          PathChanged = seenNames;
          # Since systemd 255; others have no such limit.
          TriggerLimitIntervalSec = 0;
        };
      };
    };
  };
in
{
  options.containers = lib.mkOption {
    type = lib.types.attrsOf (
      lib.types.submodule (
        { config, name, ... }:
        let
          inherit (config.extra) addressPrefix addressPrefix6;
        in
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
              default = containers.hasConfig name && (addressPrefix != null || addressPrefix6 != null);
              # `literalExpression` is younger than the oldest NixOS.
              defaultText = "true with addressPrefix or addressPrefix6";
              description = ''
                Let the names of the other containers resolve in this container while they run: those that have a local
                address and registerName, whatever definition they are from. Traffic between containers passes the host: it
                needs forwarding, which enableWAN switches on. Only active with privateNetwork.

                The container sees names and addresses of the others, and nothing else of them. Set it to false for a
                container that must not.
              '';
            };
          };

          config =
            let
              isActive = config.privateNetwork && config.extra.resolvePeers;
            in
            lib.mkMerge [
              (containers.extend name isActive (peersIf name))
              (lib.mkIf (isActive && containers.hasConfig name) {
                bindMounts.${seenNames} = {
                  hostPath = hostNames;
                  isReadOnly = true;
                };
              })
            ];
        }
      )
    );
  };

  config = {
    assertions = containers.needsConfig "resolvePeers" containers.hasConfig resolving;

    systemd.services = lib.mkMerge [
      (lib.mapAttrs' (
        name: container:
        lib.nameValuePair "container@${name}" {
          postStart = ''
            ${run} start ${lib.escapeShellArgs ([ name ] ++ containers.localAddresses container)}
          '';
          postStop = ''
            ${run} stop ${lib.escapeShellArg name}
          '';
        }
      ) named)
      (lib.mapAttrs' (
        name: _:
        lib.nameValuePair "container@${name}" {
          preStart = ''
            mkdir -p ${hostNames}
          '';
        }
      ) resolving)
    ];
  };
}
