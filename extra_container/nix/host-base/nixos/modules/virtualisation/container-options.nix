# Options of one container, under the names of nixpkgs.
{ lib, evalContainer, hostSystemPath }:
{ name, config, options, ... }:
let
  inherit (lib) mkOption types;
  opt = type: default: description: mkOption { inherit type default description; };
  address = opt (types.nullOr types.str) null;
  network = {
    hostBridge = opt (types.nullOr types.str) null "Bridge of the host that the host side joins.";
    forwardPorts = mkOption {
      default = [ ];
      description = "Ports of the host handed on to the container.";
      type = types.listOf (
        types.submodule {
          options = {
            protocol = opt types.str "tcp" "tcp or udp.";
            hostPort = mkOption {
              type = types.port;
              description = "Port on the host.";
            };
            containerPort = opt (types.nullOr types.port) null "Port in the container; the same one if null.";
          };
        }
      );
    };
    hostAddress = address "IPv4 address of the host side.";
    hostAddress6 = address "IPv6 address of the host side.";
    localAddress = address "IPv4 address of the container, /MASK allowed.";
    localAddress6 = address "IPv6 address of the container, /MASK allowed.";
  };
in
{
  options = network // {
    config = mkOption {
      description = "NixOS modules of the container.";
      default = { };
      type = lib.mkOptionType {
        name = "Toplevel NixOS config";
        merge = _: defs: evalContainer name config defs;
      };
    };
    path = mkOption {
      type = types.path;
      description = "Built system, instead of `config`.";
    };
    flake = opt (types.nullOr types.str) null "Not supported by the built-in host base.";
    nixpkgs = opt types.path hostSystemPath "The nixpkgs that the container is evaluated with, instead of the built-in host base.";
    specialArgs = opt (types.attrsOf types.unspecified) { } "Arguments that the container's modules get while imported.";
    additionalCapabilities = opt (types.listOf types.str) [ ] "Capabilities granted besides the default ones.";
    ephemeral = opt types.bool false "Whether the container starts with an empty root each time.";
    enableTun = opt types.bool false "Whether the container may use /dev/net/tun.";
    privateNetwork = opt types.bool false "Whether the container has a network of its own.";
    networkNamespace = opt (types.nullOr types.path) null "Network namespace that the container joins.";
    privateUsers = opt (types.either types.ints.u32 (
      types.enum [
        "no"
        "identity"
        "pick"
      ]
    )) "no" "User namespace: no, identity, pick, or the first user id.";
    interfaces = opt (types.listOf types.str) [ ] "Interfaces of the host moved into the container.";
    macvlans = opt (types.listOf types.str) [ ] "Interfaces of the host that get a MACVLAN in the container.";
    extraVeths = mkOption {
      type = types.attrsOf (types.submodule { options = network; });
      default = { };
      description = "Further virtual links, by interface name.";
    };
    autoStart = opt types.bool false "Whether the container starts with the host.";
    restartIfChanged = opt types.bool true "Whether a change restarts the container, with autoStart.";
    timeoutStartSec = opt types.str "1min" "Time the container may take to boot.";
    bindMounts = mkOption {
      default = { };
      description = "Directories and files of the host seen in the container.";
      type = types.attrsOf (
        types.submodule (
          { name, ... }:
          {
            options = {
              mountPoint = opt types.str name "Path in the container.";
              hostPath = opt (types.nullOr types.str) null "Path on the host; the same one if null.";
              isReadOnly = opt types.bool true "Whether the container may only read it.";
            };
          }
        )
      );
    };
    allowedDevices = mkOption {
      default = [ ];
      description = "Device nodes that the container may use.";
      type = types.listOf (
        types.submodule {
          options = {
            node = mkOption {
              type = types.str;
              description = "Path of the node.";
            };
            modifier = mkOption {
              type = types.str;
              description = "r, w, m or several of them.";
            };
          };
        }
      );
    };
    tmpfs = opt (types.listOf types.str) [ ] "Paths in the container on a tmpfs.";
    extraFlags = opt (types.listOf types.str) [ ] "Further arguments of systemd-nspawn.";
  };
  config.path = lib.mkDefault config.config.system.build.toplevel;
}
