# The units that systemd itself brings and a container needs. PID 1 looks for units in /etc only (see toplevel.nix):
# through /usr it would see those of the host, the host's own container units among them.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  directory = "/usr/lib/systemd/system";
  onHost = builtins.readDir directory;
  targets = map (name: "${name}.target") [
    "basic"
    "emergency"
    "exit"
    "final"
    "getty"
    "getty-pre"
    "graphical"
    "halt"
    "initrd-root-device"
    "integritysetup"
    "local-fs"
    "local-fs-pre"
    "machines"
    "multi-user"
    "network"
    "network-online"
    "network-pre"
    "nss-lookup"
    "nss-user-lookup"
    "paths"
    "poweroff"
    "reboot"
    "remote-fs"
    "remote-fs-pre"
    "rescue"
    "rpcbind"
    "shutdown"
    "sigpwr"
    "slices"
    "sockets"
    "swap"
    "sysinit"
    "system-update"
    "time-set"
    "time-sync"
    "timers"
    "umount"
  ];
  others = [
    "-.slice"
    "machine.slice"
    "user.slice"
    "system-systemd\\x2dcryptsetup.slice"
    "systemd-exit.service"
    "systemd-halt.service"
    "systemd-journal-flush.service"
    "systemd-journald-dev-log.socket"
    "systemd-journald.service"
    "systemd-journald.socket"
    "systemd-poweroff.service"
    "systemd-reboot.service"
    "rescue.service"
    "emergency.service"
  ];
  wanted = {
    "sysinit.target" = [ "systemd-journald.service" ];
    "sockets.target" = [
      "systemd-journald.socket"
      "systemd-journald-dev-log.socket"
    ];
  };
  names = builtins.filter (name: onHost ? ${name}) (targets ++ others ++ config.systemd.additionalUpstreamSystemUnits);
  links = lib.concatMapAttrs (
    target: units:
    builtins.listToAttrs (
      map (unit: lib.nameValuePair "${target}.wants/${unit}" "../${unit}") (builtins.filter (unit: onHost ? ${unit}) units)
    )
  ) wanted;
in
{
  options = {
    systemd.additionalUpstreamSystemUnits = lib.mkOption {
      type = lib.types.listOf lib.types.str;
      default = [ ];
      description = "Further units of the host's systemd that the container has, as far as the host has them.";
    };
    systemd.defaultUnit = lib.mkOption {
      type = lib.types.str;
      default = "multi-user.target";
      description = "What is started at boot.";
    };
    services.journald.extraConfig = lib.mkOption {
      type = lib.types.lines;
      default = "";
      description = "Lines of journald.conf.";
    };
    systemd.extraConfig = lib.mkOption {
      type = lib.types.lines;
      default = "";
      description = "Lines of the [Manager] section of systemd's system.conf.";
    };
    services.getty.console.enable = lib.mkOption {
      type = lib.types.bool;
      default = false;
      description = "Whether a login prompt runs on the container's console.";
    };
  };
  config = lib.mkIf config.boot.isContainer {
    systemd.upstreamUnits =
      builtins.listToAttrs (map (name: lib.nameValuePair name "${directory}/${name}") names)
      // links
      // {
        "default.target" = config.systemd.defaultUnit;
        # How nspawn's SIGRTMIN+3 and a container's own `reboot` end.
        "ctrl-alt-del.target" = "reboot.target";
      };
    systemd.additionalUpstreamSystemUnits = lib.optional config.services.getty.console.enable "console-getty.service";
    systemd.targets = lib.mkMerge [
      # Modules order themselves against it, and firewalls before it: so it is always part of the boot.
      { network.wantedBy = [ "multi-user.target" ]; }
      (lib.mkIf config.services.getty.console.enable { getty.wants = [ "console-getty.service" ]; })
      (lib.mkIf config.services.getty.console.enable { multi-user.wants = [ "getty.target" ]; })
    ];
    environment.etc = {
      "systemd/journald.conf".text = "[Journal]\n${config.services.journald.extraConfig}";
      "systemd/system.conf".text = "[Manager]\n${config.systemd.extraConfig}";
    };
  };
}
