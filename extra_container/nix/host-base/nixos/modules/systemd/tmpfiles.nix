# Directories made at boot and at a live update. Only this system's rules are read: those below /usr/lib/tmpfiles.d belong to
# the host's packages and name users that the container does not have.
{
  config,
  lib,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.systemd.tmpfiles;
  files = lib.optional (cfg.rules != [ ]) "rules.conf" ++ map (name: "${name}.conf") (builtins.attrNames cfg.settings);
  # Of several lines for one path the first one counts: the user's come before those that every system has.
  paths = map (name: "/etc/tmpfiles.d/${name}") (files ++ [ "base.conf" ]);
  lineOf =
    path: type: entry:
    "${lib.escapeShellArg type} '${path}' ${entry.mode} ${entry.user} ${entry.group} ${entry.age} ${entry.argument}";
in
{
  options.systemd.tmpfiles = {
    rules = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Lines as in tmpfiles.d(5).";
    };
    settings = mkOption {
      default = { };
      description = "Rules as sets: FILE.PATH.TYPE.{mode,user,group,age,argument}.";
      type = types.attrsOf (
        types.attrsOf (
          types.attrsOf (
            types.submodule {
              options =
                let
                  field = default: mkOption {
                    type = types.str;
                    inherit default;
                    description = "Field of a tmpfiles.d line.";
                  };
                in
                {
                  mode = field "-";
                  user = field "-";
                  group = field "-";
                  age = field "-";
                  argument = field "";
                };
            }
          )
        )
      );
    };
  };
  config = lib.mkIf config.boot.isContainer {
    environment.etc = {
      "tmpfiles.d/base.conf".text = ''
        Q /home 0755 - - -
        q /srv 0755 - - -
        d /run/lock 0755 root root -
        d /run/log 0755 root root -
        d /run/user 0755 root root -
        d /tmp 1777 root root -
        d /var/cache 0755 root root -
        d /var/lib 0755 root root -
        d /var/log 0755 root root -
        d /var/spool 0755 root root -
        d /var/tmp 1777 root root -
        d /var/empty 0555 root root -
        L /var/run - - - - ../run
        L /var/lock - - - - ../run/lock
      '';
    }
    // lib.optionalAttrs (cfg.rules != [ ]) { "tmpfiles.d/rules.conf".text = lib.concatLines cfg.rules; }
    // lib.mapAttrs' (
      name: paths:
      lib.nameValuePair "tmpfiles.d/${name}.conf" {
        text = lib.concatLines (
          lib.concatLists (lib.mapAttrsToList (path: types: lib.mapAttrsToList (lineOf path) types) paths)
        );
      }
    ) cfg.settings;
    systemd.services.systemd-tmpfiles-setup = {
      description = "Create Files and Directories";
      wantedBy = [ "sysinit.target" ];
      before = [
        "sysinit.target"
        "shutdown.target"
      ];
      after = [ "local-fs.target" ];
      conflicts = [ "shutdown.target" ];
      unitConfig.DefaultDependencies = false;
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        ExecStart = "/usr/bin/systemd-tmpfiles --create --remove --boot --exclude-prefix=/dev ${toString paths}";
        # 65 and 73: a line of the user's is wrong or could not be carried out; the container boots all the same.
        SuccessExitStatus = "DATAERR CANTCREAT";
      };
      restartTriggers = [ (builtins.hashString "sha256" (builtins.toJSON { inherit (cfg) rules settings; })) ];
      stopIfChanged = false;
    };
  };
}
