# Addresses and routes of interfaces besides those that the container's own options give: the options. What is run for them is in
# interface-units.nix.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.networking;
  opt = type: default: description: mkOption { inherit type default description; };
  address = mkOption {
    type = types.str;
    description = "Address.";
  };
  prefixLength =
    bits:
    mkOption {
      type = types.ints.between 0 bits;
      description = "Length of the network prefix.";
    };
  addresses = bits: mkOption {
    default = [ ];
    description = "Addresses of the interface.";
    type = types.listOf (
      types.submodule {
        options = {
          inherit address;
          prefixLength = prefixLength bits;
        };
      }
    );
  };
  routes = bits: mkOption {
    default = [ ];
    description = "Further routes through the interface.";
    type = types.listOf (
      types.submodule {
        options = {
          inherit address;
          prefixLength = prefixLength bits;
          type = opt (types.nullOr (
            types.enum [ "unicast" "local" "broadcast" "multicast" "blackhole" "unreachable" "prohibit" "throw" ]
          )) null "Kind of the route; unicast if null.";
          via = opt (types.nullOr types.str) null "Next hop.";
          options = opt (types.attrsOf types.str) { } "Further words of `ip route`, with their values.";
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
            inherit address;
            interface = opt (types.nullOr types.str) null "Interface that it is reached through.";
            metric = opt (types.nullOr types.int) null "Metric of the route.";
            source = opt (types.nullOr types.str) null "Source address of what goes this way.";
          };
        }
      )
    );
  };
  interface =
    { name, ... }:
    {
      options = {
        name = opt types.str name "Name of the interface.";
        ipv4.addresses = addresses 32;
        ipv4.routes = routes 32;
        ipv6.addresses = addresses 128;
        ipv6.routes = routes 128;
        macAddress = opt (types.nullOr types.str) null "Hardware address; the interface's own if null.";
        mtu = opt (types.nullOr types.int) null "Largest size of a packet; the kernel's choice if null.";
        useDHCP = opt (types.nullOr types.bool) null "Not available: containers have fixed addresses.";
      };
    };
in
{
  options.networking = {
    enableIPv6 = opt types.bool true "Whether a network of the container's own has IPv6.";
    interfaces = mkOption {
      default = { };
      description = "Interfaces by name.";
      type = types.attrsOf (types.submodule interface);
    };
    defaultGateway = gateway "IPv4 gateway.";
    defaultGateway6 = gateway "IPv6 gateway.";
    defaultGatewayWindowSize = opt (types.nullOr types.int) null "TCP window of the default routes.";
    localCommands = opt types.lines "" "Shell text run when the network is set up.";
  };
  config = lib.mkIf (!cfg.enableIPv6) {
    boot.kernel.sysctl = {
      "net.ipv6.conf.all.disable_ipv6" = lib.mkDefault true;
      "net.ipv6.conf.default.disable_ipv6" = lib.mkDefault true;
    };
  };
}
