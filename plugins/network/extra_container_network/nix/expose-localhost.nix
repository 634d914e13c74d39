# containers.NAME.extra.exposeLocalhost: TCP to the container's addresses also reaches services bound to its localhost.
{ config, lib, ... }:

let
  containers = import ./containers.nix { inherit lib config; };
  active = containers.active "exposeLocalhost";

  # The name that the container's init gives to its end of the pair.
  interface = "eth0";

  serviceIf =
    localAddresses: isActive:
    { config, pkgs, ... }:
    let
      usesNftables = config.networking.nftables.enable or false;
      run = "/bin/sh ${./scripts/expose-localhost.sh}";
      start = "${run} start ${interface} ${toString localAddresses}";
    in
    {
      _file = ./expose-localhost.nix;
      config.systemd.services.expose-localhost = lib.mkIf isActive {
        description = "Forwarding of ${interface} to localhost";
        wantedBy = [ "multi-user.target" ];
        after = [
          "firewall.service"
          "nftables.service"
          "firewalld.service"
        ];
        # Loading the firewall's rules may flush all others.
        partOf = lib.optional usesNftables "nftables.service";
        unitConfig = lib.optionalAttrs usesNftables { ReloadPropagatedFrom = "nftables.service"; };
        path = containers.optionalPackage pkgs (if usesNftables then "nftables" else "iptables") ++ [
          (pkgs.iproute2 or pkgs.iproute)
        ];
        serviceConfig = {
          Type = "oneshot";
          RemainAfterExit = true;
          ExecStart = start;
          ExecReload = start;
          ExecStop = "${run} stop ${interface}";
        };
      };
    };
in
{
  options.containers = lib.mkOption {
    type = lib.types.attrsOf (
      lib.types.submodule (
        { config, name, ... }:
        {
          options.extra.exposeLocalhost = lib.mkOption {
            type = lib.types.bool;
            default = false;
            description = ''
              Let TCP connections to the container's localAddress and localAddress6 reach services that only listen on its
              localhost. A port that a service of the container itself offers on the address stays as it is, and the
              container's firewall decides as before.

              Warning: everybody who can reach the container reaches its localhost, as far as its firewall lets them.
              Only active with privateNetwork.
            '';
          };

          config = containers.extend name (config.privateNetwork && config.extra.exposeLocalhost) (
            serviceIf (containers.localAddresses config)
          );
        }
      )
    );
  };

  config.assertions =
    containers.needsOneOf "exposeLocalhost" [ "localAddress" "localAddress6" ] active
    ++ containers.needsConfig "exposeLocalhost" containers.hasConfig active;
}
