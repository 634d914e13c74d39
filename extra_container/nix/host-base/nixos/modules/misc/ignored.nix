# Options that often stand in configurations for containers and mean nothing here. Each has one value that says what is so anyway;
# with any other one, a warning names it.
{
  config,
  lib,
  ...
}:
let
  inherit (lib) mkOption types;
  # Path, type, and what is so here.
  row = path: type: value: { inherit type value; path = lib.splitString "." path; };
  off = path: row path types.bool false;
  on = path: row path types.bool true;
  table = [
    (row "boot.kernelModules" (types.listOf types.str) [ ])
    # systemd-nspawn mounts an empty tmpfs at /tmp.
    (on "boot.tmp.cleanOnBoot")
    (on "boot.tmp.useTmpfs")
    (off "documentation.enable")
    (off "documentation.dev.enable")
    (off "documentation.doc.enable")
    (off "documentation.info.enable")
    (off "documentation.man.enable")
    (off "documentation.nixos.enable")
    (off "environment.stub-ld.enable")
    (off "fonts.fontconfig.enable")
    (row "i18n.supportedLocales" (types.listOf types.str) [ ])
    (off "networking.dhcpcd.enable")
    (off "networking.resolvconf.enable")
    (on "nix.enable")
    (off "nix.channel.enable")
    (off "nix.gc.automatic")
    (off "nix.optimise.automatic")
    (row "nix.package" (types.nullOr types.package) null)
    (row "nix.registry" (types.attrsOf types.anything) { })
    (off "programs.command-not-found.enable")
    (off "programs.fish.generateCompletions")
    (off "services.logrotate.enable")
    (off "services.nscd.enable")
    (row "services.dbus.packages" (types.listOf types.path) [ ])
    (row "services.openssh.package" (types.nullOr types.package) null)
    (off "services.openssh.startWhenNeeded")
    (off "system.disableInstallerTools")
    (on "system.switch.enable")
    (row "systemd.packages" (types.listOf types.package) [ ])
    (off "xdg.autostart.enable")
    (off "xdg.icons.enable")
    (off "xdg.mime.enable")
    (off "xdg.sounds.enable")
  ];
  valueOf = entry: lib.getAttrFromPath entry.path config;
  ignored = builtins.filter (entry: valueOf entry != entry.value) table;
  names = lib.naturalSort (map (entry: lib.showOption entry.path) ignored ++ config.system.ignoredOptions);
in
{
  options = lib.foldl' (
    acc: entry:
    lib.recursiveUpdate acc (
      lib.setAttrByPath entry.path (mkOption {
        inherit (entry) type;
        default = entry.value;
        description = "Without effect in the built-in host base.";
      })
    )
  ) { } table;
  imports = [
    {
      options = {
        boot = {
          isContainer = mkOption {
            type = types.bool;
            default = false;
            description = "Whether this system runs in a container.";
          };
          isNspawnContainer = mkOption {
            type = types.bool;
            default = false;
            description = "Whether systemd-nspawn runs that container.";
          };
        };
        i18n.defaultLocale = mkOption {
          type = types.str;
          default = "C.UTF-8";
          description = "Locale (LANG) of services and logins.";
        };
        system.ignoredOptions = mkOption {
          type = types.listOf types.str;
          internal = true;
          default = [ ];
          description = "Further options that are set and have no effect.";
        };
        time.timeZone = mkOption {
          type = types.nullOr types.str;
          default = null;
          description = "Time zone such as Europe/Berlin; null for UTC.";
        };
      };
    }
  ];
  config.system.ignoredOptions =
    let
      firewall = config.networking.firewall;
    in
    lib.optional firewall.logRefusedConnections "networking.firewall.logRefusedConnections"
    ++ lib.optional firewall.logRefusedPackets "networking.firewall.logRefusedPackets"
    ++ lib.optional (firewall.checkReversePath != false) "networking.firewall.checkReversePath";
  config.warnings = lib.optional (config.boot.isContainer && names != [ ]) (
    "without effect in the built-in host base: ${lib.concatStringsSep ", " names}."
    + " Where that matters, give a nixpkgs with --nixpkgs-path."
  );
}
