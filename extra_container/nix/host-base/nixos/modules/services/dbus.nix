# The system bus, from the host's dbus-daemon. Started by its socket, so an unused one costs nothing at boot;
# `machinectl login`, `machinectl shell` and `systemctl --machine=` reach the container through it.
{
  config,
  lib,
  ...
}:
let
  cfg = config.services.dbus;
  host = builtins.pathExists "/usr/bin/dbus-daemon" && builtins.pathExists "/usr/lib/systemd/system/dbus.socket";
in
{
  options.services.dbus = {
    enable = lib.mkOption {
      type = lib.types.bool;
      default = host;
      description = "Whether the system bus is there.";
    };
  };
  config = lib.mkIf (cfg.enable && config.boot.isContainer) {
    assertions = [
      {
        assertion = host;
        message = "services.dbus: the host has no dbus-daemon.";
      }
    ];
    systemd.upstreamUnits = {
      "dbus.socket" = "/usr/lib/systemd/system/dbus.socket";
      "dbus.service" = "/usr/lib/systemd/system/dbus.service";
      "sockets.target.wants/dbus.socket" = "../dbus.socket";
    };
    # machined opens a login by starting an instance of this unit on a new pseudo terminal.
    systemd.additionalUpstreamSystemUnits = [ "container-getty@.service" ];
    users.users.messagebus = {
      isSystemUser = true;
      group = "messagebus";
      description = "System bus";
    };
    users.groups.messagebus = { };
  };
}
