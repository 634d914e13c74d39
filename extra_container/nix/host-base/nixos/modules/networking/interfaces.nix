# Addresses of interfaces besides those that the container's own options give.
{
  config,
  lib,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.networking;
  addresses = description: mkOption {
    default = [ ];
    inherit description;
    type = types.listOf (
      types.submodule {
        options = {
          address = mkOption {
            type = types.str;
            description = "Address.";
          };
          prefixLength = mkOption {
            type = types.int;
            description = "Length of the network prefix.";
          };
        };
      }
    );
  };
  gateway = description: mkOption {
    default = null;
    inherit description;
    type = types.nullOr (
      types.coercedTo types.str (address: { inherit address; }) (
        types.submodule {
          options = {
            address = mkOption {
              type = types.str;
              description = "Address of the gateway.";
            };
            interface = mkOption {
              type = types.nullOr types.str;
              default = null;
              description = "Interface that it is reached through.";
            };
          };
        }
      )
    );
  };
  configured = lib.filterAttrs (_: iface: iface.ipv4.addresses ++ iface.ipv6.addresses != [ ]) cfg.interfaces;
  # `replace` and not `add`: a live update runs the same lines again.
  addressLines =
    name: iface:
    map (item: "ip addr replace ${item.address}/${toString item.prefixLength} dev ${name}") iface.ipv4.addresses
    ++ map (item: "ip -6 addr replace ${item.address}/${toString item.prefixLength} dev ${name} nodad") iface.ipv6.addresses;
  gatewayLine =
    ip: item:
    lib.optional (item != null) "${ip} route replace default via ${item.address}${
      lib.optionalString (item.interface != null) " dev ${item.interface}"
    }";
  lines =
    lib.concatLists (lib.mapAttrsToList (name: iface: [ "ip link set dev ${name} up" ] ++ addressLines name iface) configured)
    ++ gatewayLine "ip" cfg.defaultGateway
    ++ gatewayLine "ip -6" cfg.defaultGateway6;
in
{
  options.networking = {
    useDHCP = mkOption {
      type = types.enum [ false ];
      default = false;
      description = "Not available: containers have fixed addresses.";
    };
    useNetworkd = mkOption {
      type = types.enum [ false ];
      default = false;
      description = "Not available.";
    };
    enableIPv6 = mkOption {
      type = types.bool;
      default = true;
      description = "Accepted without effect.";
    };
    dhcpcd.enable = mkOption {
      type = types.bool;
      default = false;
      description = "Accepted without effect.";
    };
    interfaces = mkOption {
      default = { };
      description = "Interfaces by name.";
      type = types.attrsOf (
        types.submodule {
          options = {
            ipv4.addresses = addresses "IPv4 addresses.";
            ipv6.addresses = addresses "IPv6 addresses.";
          };
        }
      );
    };
    defaultGateway = gateway "IPv4 gateway.";
    defaultGateway6 = gateway "IPv6 gateway.";
  };
  config = lib.mkIf (config.boot.isContainer && lines != [ ]) {
    systemd.services.network-addresses = {
      description = "Addresses and routes of the system";
      wantedBy = [ "network.target" ];
      before = [ "network.target" ];
      after = [ "network-pre.target" ];
      unitConfig = {
        DefaultDependencies = false;
        ConditionCapability = "CAP_NET_ADMIN";
      };
      stopIfChanged = false;
      script = lib.concatLines lines;
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
      };
    };
  };
}
