# Host name, hosts file, resolver.
{
  config,
  lib,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.networking;
in
{
  options.networking = {
    hostName = mkOption {
      type = types.strMatching "$|[[:alnum:]]([[:alnum:]_-]{0,61}[[:alnum:]])?";
      default = "nixos";
      description = "Name of the machine.";
    };
    domain = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "Domain of the machine.";
    };
    fqdn = mkOption {
      type = types.str;
      readOnly = true;
      default = if cfg.domain == null then cfg.hostName else "${cfg.hostName}.${cfg.domain}";
      description = "Full name.";
    };
    hosts = mkOption {
      type = types.attrsOf (types.listOf types.str);
      default = { };
      description = "Names by address.";
    };
    extraHosts = mkOption {
      type = types.lines;
      default = "";
      description = "Lines of the hosts file.";
    };
    nameservers = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Addresses of name servers; with none the host's resolv.conf is used.";
    };
    search = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Search domains.";
    };
    useHostResolvConf = mkOption {
      type = types.bool;
      default = config.boot.isContainer && cfg.nameservers == [ ];
      description = "Whether the host's resolv.conf is used.";
    };
    isPrivate = mkOption {
      type = types.bool;
      internal = true;
      default = !config.boot.isContainer;
      description = "Whether the options give the system a network of its own.";
    };
    isUnalterable = mkOption {
      type = types.bool;
      internal = true;
      default = false;
      description = "Whether the network is surely one that the system has no right to set up: the host's.";
    };
    mayBePrivate = mkOption {
      type = types.bool;
      internal = true;
      default = false;
      description = "Whether the system may have a network of its own.";
    };
    privateMark = mkOption {
      type = types.str;
      internal = true;
      readOnly = true;
      default = "/run/extra-container-own-network";
      description = "File that the first process makes in a network of the container's own.";
    };
  };
  config = lib.mkIf config.boot.isContainer {
    environment.etc = {
      hostname.text = cfg.hostName + "\n";
      hosts.text = ''
        127.0.0.1 localhost
        ${lib.optionalString cfg.enableIPv6 "::1 localhost"}
        127.0.0.2 ${lib.optionalString (cfg.domain != null) "${cfg.fqdn} "}${cfg.hostName}
        ${lib.concatLines (lib.mapAttrsToList (address: names: "${address} ${toString names}") cfg.hosts)}
        ${cfg.extraHosts}
      '';
      "nsswitch.conf".text = ''
        passwd: files systemd
        group: files [success=merge] systemd
        shadow: files systemd
        hosts: files myhostname dns
        networks: files
        services: files
        protocols: files
      '';
    }
    // lib.optionalAttrs (!cfg.useHostResolvConf) {
      "resolv.conf" = {
        mode = "0644";
        text =
          lib.concatMapStrings (server: "nameserver ${server}\n") cfg.nameservers
          + lib.optionalString (cfg.search != [ ]) "search ${toString cfg.search}\n";
      };
    };
  };
}
