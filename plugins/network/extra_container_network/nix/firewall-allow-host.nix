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
      # The option is younger than firewalld in NixOS, and both are younger than nftables.
      backend =
        config.networking.firewall.backend or (
          if config.networking.nftables.enable or false then "nftables" else "iptables"
        );
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
            extraCommands = lib.mkIf (isActive && backend == "iptables") (
              lib.concatMapStrings (address: ''
                ${
                  if isIPv6 address then "ip6tables" else "iptables"
                } -w -A nixos-fw -s ${address} -j nixos-fw-accept
              '') addresses
            );
          }
          # Since 23.05. Before, networking.nftables excludes networking.firewall, and the rules are all the user's own.
          (lib.optionalAttrs (options.networking.firewall ? extraInputRules) {
            extraInputRules = lib.mkIf (isActive && backend == "nftables") (
              lib.concatMapStrings (address: ''
                ${if isIPv6 address then "ip6" else "ip"} saddr ${address} accept
              '') addresses
            );
          })
        ];
      };
      # Rules beside those of firewalld do not overrule it. An address in a zone counts more than the interface's zone.
      config.services = lib.optionalAttrs (options.services ? firewalld) {
        firewalld.zones.trusted.sources = lib.mkIf (isActive && backend == "firewalld") (
          map (address: { inherit address; }) addresses
        );
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
