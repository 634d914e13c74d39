# containers.NAME.extra.enableWAN: internet through NAT of the container's addresses, as long as its unit runs.
{
  config,
  lib,
  pkgs,
  ...
}:

let
  containers = import ./containers.nix { inherit lib config; };
  active = containers.active "enableWAN";

  # The unit runs on hosts that this evaluation knows nothing about: the host's own tools come first, these are the last resort.
  lastResort = lib.makeBinPath (containers.optionalPackage pkgs "iptables");
  run = "EXTRA_CONTAINER_TOOLS='${lastResort}' /bin/sh ${./scripts/wan.sh}";
  askFirewalld = "/bin/sh ${./scripts/firewalld.sh}";

  # The container's side of the host, as a pattern: its own pair of interfaces, or the bridge that it is a port of.
  interface = container: if container.hostBridge == null then "ve-*" else container.hostBridge;
in
{
  options.containers = lib.mkOption {
    type = lib.types.attrsOf (
      lib.types.submodule {
        options.extra.enableWAN = lib.mkOption {
          type = lib.types.bool;
          default = false;
          description = ''
            Give the container access to the internet: its traffic leaves with the host's address (NAT), for IPv4 if
            localAddress is set and for IPv6 if localAddress6 is set. Switches on forwarding on the host.
            Only active with privateNetwork.
          '';
        };
      }
    );
  };

  config = {
    assertions = containers.needsOneOf "enableWAN" [ "localAddress" "localAddress6" ] active;

    systemd.services = lib.mapAttrs' (
      name: container:
      let
        arguments = lib.escapeShellArgs ([ name (interface container) ] ++ containers.localAddresses container);
      in
      lib.nameValuePair "container@${name}" {
        preStart = ''
          ${run} start ${arguments}
          ${askFirewalld} start ${arguments}
        '';
        postStop = ''
          ${askFirewalld} stop ${lib.escapeShellArg name}
          ${run} stop ${lib.escapeShellArg name}
        '';
      }
    ) active;
  };
}
