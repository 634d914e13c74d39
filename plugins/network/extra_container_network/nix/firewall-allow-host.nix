# containers.NAME.extra.firewallAllowHost: the container's firewall lets its host in.
{ config, lib, ... }:

let
  containers = import ./containers.nix { inherit lib config; };
  active = containers.active "firewallAllowHost";

  isIPv6 = address: builtins.match ".*:.*" address != null;

  allowIf =
    hostAddresses: isActive:
    { config, options, ... }:
    let
      usesNftables = config.networking.nftables.enable or false;
      addresses = lib.filter (
        address: !isIPv6 address || config.networking.enableIPv6 or true
      ) hostAddresses;
    in
    {
      _file = ./firewall-allow-host.nix;
      # Without a firewall there is nothing to open.
      config.networking = lib.optionalAttrs (options.networking ? firewall) {
        firewall = lib.mkMerge [
          {
            extraCommands = lib.mkIf (isActive && !usesNftables) (
              lib.concatMapStrings (address: ''
                ${
                  if isIPv6 address then "ip6tables" else "iptables"
                } -w -A nixos-fw -s ${address} -j nixos-fw-accept
              '') addresses
            );
          }
          # Since 23.05. Before, networking.nftables excludes networking.firewall, and the rules are all the user's own.
          (lib.optionalAttrs (options.networking.firewall ? extraInputRules) {
            extraInputRules = lib.mkIf (isActive && usesNftables) (
              lib.concatMapStrings (address: ''
                ${if isIPv6 address then "ip6" else "ip"} saddr ${address} accept
              '') addresses
            );
          })
        ];
      };
    };
in
{
  options.containers = lib.mkOption {
    type = lib.types.attrsOf (
      lib.types.submodule (
        { config, name, ... }:
        {
          options.extra.firewallAllowHost = lib.mkOption {
            type = lib.types.bool;
            default = false;
            description = ''
              Accept all connections from the container's host (hostAddress, hostAddress6).
              Only active with privateNetwork.
            '';
          };

          config = containers.extend name (config.privateNetwork && config.extra.firewallAllowHost) (
            allowIf (containers.hostAddresses config)
          );
        }
      )
    );
  };

  config.assertions =
    containers.needsOneOf "firewallAllowHost" [ "hostAddress" "hostAddress6" ] active
    ++ containers.needsConfig "firewallAllowHost" containers.hasConfig active;
}
