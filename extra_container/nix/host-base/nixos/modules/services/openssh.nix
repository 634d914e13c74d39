# The host's sshd in the container, with host keys of the container's own.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.openssh;
  value = types.nullOr (
    types.oneOf [
      types.bool
      types.int
      types.str
      (types.listOf types.str)
    ]
  );
  show =
    item:
    if builtins.isBool item then
      (if item then "yes" else "no")
    else if builtins.isList item then
      lib.concatStringsSep "," item
    else
      toString item;
  # Directives whose values are separated by spaces: a comma would belong to the value.
  spaced = [
    "AllowUsers"
    "AllowGroups"
    "DenyUsers"
    "DenyGroups"
    "AuthenticationMethods"
    "AcceptEnv"
    "AuthorizedKeysFile"
  ];
  line =
    name: item:
    lib.optional (item != null) "${name} ${
      if builtins.isList item && builtins.elem name spaced then lib.concatStringsSep " " item else show item
    }";
  text = lib.concatLines (
    map (port: "Port ${toString port}") cfg.ports
    ++ lib.concatMap (listen: [
      "ListenAddress ${listen.addr}${lib.optionalString (listen.port != null) ":${toString listen.port}"}"
    ]) cfg.listenAddresses
    ++ map (key: "HostKey ${key.path}") cfg.hostKeys
    ++ lib.concatLists (lib.mapAttrsToList line cfg.settings)
    ++ lib.optional cfg.allowSFTP "Subsystem sftp internal-sftp"
    ++ [ "AuthorizedKeysFile ${lib.concatStringsSep " " cfg.authorizedKeysFiles}" ]
    ++ [ cfg.extraConfig ]
  );
in
{
  imports = [
    (lib.mkRenamedOptionModule [ "services" "openssh" "permitRootLogin" ] [ "services" "openssh" "settings" "PermitRootLogin" ])
    (lib.mkRenamedOptionModule
      [ "services" "openssh" "passwordAuthentication" ]
      [ "services" "openssh" "settings" "PasswordAuthentication" ]
    )
    (lib.mkAliasOptionModule [ "services" "sshd" "enable" ] [ "services" "openssh" "enable" ])
  ];
  options.services.openssh = {
    enable = mkOption {
      type = types.bool;
      default = false;
      description = "Whether sshd runs.";
    };
    openFirewall = mkOption {
      type = types.bool;
      default = true;
      description = "Whether the firewall lets connections in.";
    };
    allowSFTP = mkOption {
      type = types.bool;
      default = true;
      description = "Whether files can be transferred.";
    };
    ports = mkOption {
      type = types.listOf types.port;
      default = [ 22 ];
      description = "Ports.";
    };
    listenAddresses = mkOption {
      default = [ ];
      description = "Addresses to listen on; all if empty.";
      type = types.listOf (
        types.submodule {
          options = {
            addr = mkOption {
              type = types.str;
              description = "Address.";
            };
            port = mkOption {
              type = types.nullOr types.int;
              default = null;
              description = "Port.";
            };
          };
        }
      );
    };
    hostKeys = mkOption {
      type = types.listOf (types.attrsOf types.anything);
      default = [
        {
          type = "ed25519";
          path = "/etc/ssh/ssh_host_ed25519_key";
        }
      ];
      description = "Host keys ({ type; path; bits ?; }), made at the first start.";
    };
    authorizedKeysFiles = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Files with keys that may log in.";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      description = "Lines at the end of sshd_config.";
    };
    settings = mkOption {
      default = { };
      description = "Directives of sshd_config.";
      type = types.submodule {
        freeformType = types.attrsOf value;
        options = {
          PermitRootLogin = mkOption {
            type = types.enum [ "yes" "without-password" "prohibit-password" "forced-commands-only" "no" ];
            default = "prohibit-password";
            description = "How root may log in.";
          };
          PasswordAuthentication = mkOption {
            type = types.nullOr types.bool;
            default = true;
            description = "Whether passwords are accepted.";
          };
          KbdInteractiveAuthentication = mkOption {
            type = types.nullOr types.bool;
            default = true;
            description = "Whether keyboard-interactive login is accepted.";
          };
          UsePAM = mkOption {
            type = types.nullOr types.bool;
            default = true;
            description = "Whether PAM makes sessions.";
          };
        };
      };
    };
  };
  config = lib.mkIf (cfg.enable && config.boot.isContainer) {
    assertions = [
      {
        assertion = builtins.pathExists "/usr/sbin/sshd";
        message = "services.openssh: the host has no /usr/sbin/sshd. Install its OpenSSH server (a running one is not needed).";
      }
    ];
    services.openssh.authorizedKeysFiles = lib.mkBefore [
      "%h/.ssh/authorized_keys"
      "/etc/ssh/authorized_keys.d/%u"
    ];
    users.users.sshd = {
      isSystemUser = true;
      group = "sshd";
      description = "SSH privilege separation user";
      home = "/run/sshd";
    };
    users.groups.sshd = { };
    networking.firewall.allowedTCPPorts = lib.mkIf cfg.openFirewall cfg.ports;
    environment.etc."ssh/sshd_config".text = text;
    systemd.services.sshd = {
      description = "SSH Daemon";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      restartTriggers = [ (builtins.hashString "sha256" (builtins.unsafeDiscardStringContext text)) ];
      # A restart leaves open sessions alone, so that an update over SSH does not cut itself off.
      stopIfChanged = false;
      preStart = ''
        mkdir -p -m 0755 /etc/ssh /run/sshd
        ${lib.concatMapStrings (key: ''
          if [ ! -s ${key.path} ]; then
            rm -f ${key.path}
            ssh-keygen -q -t ${key.type} ${lib.optionalString (key ? bits) "-b ${toString key.bits}"} -f ${key.path} -N "" -C ${lib.escapeShellArg "root@${config.networking.hostName}"}
          fi
        '') cfg.hostKeys}
      '';
      serviceConfig = {
        Type = "notify";
        ExecStart = "/usr/sbin/sshd -D -f /etc/ssh/sshd_config";
        ExecReload = "/bin/kill -HUP $MAINPID";
        KillMode = "process";
        Restart = "always";
        RestartSec = "1s";
      };
    };
  };
}
