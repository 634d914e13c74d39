# Packet filter of a system with a network of its own: what is not allowed is dropped, as on NixOS.
# Uses iptables or nftables of the host. In the host's network it does nothing: the filter would be the host's.
#
# Flags of systemd-nspawn give a network, too, in more forms than could be told here. So what a container with any finds when it
# boots decides.
{
  config,
  lib,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.networking.firewall;
  hostHas = program: builtins.any (dir: builtins.pathExists "${dir}/${program}") [ "/usr/sbin" "/usr/bin" "/usr/local/sbin" ];
  useNft = config.networking.nftables.enable;
  rules = if useNft then import ./firewall-nft.nix else import ./firewall-iptables.nix;
  scriptsOf =
    cfg:
    rules {
      inherit lib cfg;
      inherit (config.networking.nftables) ruleset;
    };
  scripts = scriptsOf cfg;
  opt = type: default: description: mkOption { inherit type default description; };
  range = types.submodule {
    options = {
      from = mkOption {
        type = types.port;
        description = "First port.";
      };
      to = mkOption {
        type = types.port;
        description = "Last port.";
      };
    };
  };
  ports = opt (types.listOf types.port) [ ];
  ranges = opt (types.listOf range) [ ];
  perInterface = {
    allowedTCPPorts = ports "TCP ports that are open.";
    allowedUDPPorts = ports "UDP ports that are open.";
    allowedTCPPortRanges = ranges "Ranges of open TCP ports.";
    allowedUDPPortRanges = ranges "Ranges of open UDP ports.";
  };
in
{
  options.networking = {
    firewall = perInterface // {
      enable = opt types.bool true "Whether incoming connections are filtered.";
      package = opt types.raw null "Accepted without effect: the host's program is used.";
      allowPing = opt types.bool true "Whether the system answers to ping.";
      rejectPackets = opt types.bool false "Whether refused connections get an answer.";
      logRefusedConnections = opt types.bool false "Accepted without effect: containers cannot write to the kernel log.";
      logRefusedPackets = opt types.bool false "Accepted without effect.";
      checkReversePath = opt (types.either types.bool (types.enum [ "strict" "loose" ])) false "Accepted without effect.";
      trustedInterfaces = opt (types.listOf types.str) [ ] "Interfaces on which everything is allowed.";
      extraCommands = opt types.lines "" "Shell text run after the rules are set (iptables only).";
      extraStopCommands = opt types.lines "" "Shell text run before the rules are removed (iptables only).";
      extraInputRules = opt types.lines "" "nft rules at the end of the chain input-allow (nftables only).";
      extraForwardRules = opt types.lines "" "nft rules of the chain forward-allow (nftables only).";
      interfaces = mkOption {
        type = types.attrsOf (types.submodule { options = perInterface; });
        default = { };
        description = "Ports that are open on one interface.";
      };
    };
    nftables = {
      enable = mkOption {
        type = types.bool;
        default = !hostHas "iptables" && hostHas "nft";
        description = "Whether the filter is set with nft instead of iptables.";
      };
      ruleset = opt types.lines "" "Further nft text (nftables only).";
    };
  };
  config = lib.mkIf (config.boot.isContainer && cfg.enable) {
    assertions = [
      {
        assertion = !config.networking.isPrivate || hostHas (if useNft then "nft" else "iptables");
        message = "networking.firewall: the host has no ${
          if useNft then "nft" else "iptables"
        }. Install nftables or iptables there, or set networking.firewall.enable = false.";
      }
      {
        assertion = !useNft || (cfg.extraCommands == "" && cfg.extraStopCommands == "");
        message = "networking.firewall.extraCommands needs iptables and does not work with nftables (networking.nftables.enable, or a host without iptables): use extraInputRules.";
      }
      {
        assertion = useNft || (cfg.extraInputRules == "" && cfg.extraForwardRules == "");
        message = "networking.firewall.extraInputRules needs networking.nftables.enable = true.";
      }
    ];
    # For whoever sets the filter from outside: shell text without the user's own commands, which are meant for the inside.
    system.build.firewall = scriptsOf (
      cfg
      // {
        extraCommands = "";
        extraStopCommands = "";
      }
    );
    # The names of the units are those of NixOS: other units order themselves after them.
    systemd.services = lib.mkIf (config.networking.isPrivate || config.networking.mayBePrivate) {
      ${if useNft then "nftables" else "firewall"} = {
        description = "Firewall";
        wantedBy = [ "sysinit.target" ];
        wants = [ "network-pre.target" ];
        after = [ "systemd-tmpfiles-setup.service" ];
        before = [ "network-pre.target" ];
        # Not stopped at shutdown: the filter goes with the network namespace, after everything that it protects.
        unitConfig = {
          DefaultDependencies = false;
          # What NixOS asks. A container in the host's network may have it too: see enableTun and additionalCapabilities.
          ConditionCapability = "CAP_NET_ADMIN";
          ConditionPathExists = config.networking.privateMark;
        };
        # A changed filter is replaced at once; stopping it first would open every port meanwhile.
        stopIfChanged = false;
        reloadIfChanged = true;
        script = scripts.start;
        reload = scripts.start;
        preStop = scripts.stop;
        serviceConfig = {
          Type = "oneshot";
          RemainAfterExit = true;
        };
      };
    };
  };
}
