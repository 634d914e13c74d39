# Options that often stand in configurations for containers and mean nothing here: checked for type, without effect.
{
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  ignored = type: default: mkOption {
    inherit type default;
    description = "Accepted without effect by the built-in host base.";
  };
  flag = ignored types.bool;
in
{
  options = {
    boot = {
      isContainer = mkOption {
        type = types.bool;
        default = false;
        description = "Whether this system runs in a container.";
      };
      isNspawnContainer = flag false;
      enableContainers = flag true;
      tmp = {
        cleanOnBoot = flag false;
        useTmpfs = flag false;
      };
      kernel.sysctl = ignored (types.attrsOf types.anything) { };
      kernelModules = ignored (types.listOf types.str) [ ];
    };
    documentation = {
      enable = flag false;
      doc.enable = flag false;
      info.enable = flag false;
      man.enable = flag false;
      nixos.enable = flag false;
    };
    fonts.fontconfig.enable = flag false;
    i18n.defaultLocale = mkOption {
      type = types.str;
      default = "C.UTF-8";
      description = "Locale (LANG) of services and logins.";
    };
    i18n.supportedLocales = ignored (types.listOf types.str) [ ];
    nix = {
      enable = flag true;
      package = ignored types.raw null;
      settings = ignored (types.attrsOf types.anything) { };
      extraOptions = ignored types.lines "";
      channel.enable = flag false;
      nixPath = ignored (types.listOf types.str) [ ];
      registry = ignored (types.attrsOf types.anything) { };
    };
    programs = {
      command-not-found.enable = flag false;
      less.enable = flag false;
      nano.enable = flag false;
    };
    services = {
      udisks2.enable = flag false;
      nscd.enable = flag false;
      resolved.enable = mkOption {
        type = types.enum [ false ];
        default = false;
        description = "Not available: the container uses the host's resolv.conf or networking.nameservers.";
      };
    };
    system.switch.enable = flag true;
    time.timeZone = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "Time zone such as Europe/Berlin; null for UTC.";
    };
    xdg = {
      mime.enable = flag false;
      icons.enable = flag false;
      sounds.enable = flag false;
      autostart.enable = flag false;
    };
  };
}
