# Settings of the kernel. Those of the network belong to a container that has a network of its own; the others are the host's.
{
  config,
  lib,
  ...
}:
let
  inherit (lib) types;
  show = value: if value == false then "0" else toString value;
  set = lib.filterAttrs (_: value: value != null) config.boot.kernel.sysctl;
  isOfNetwork = name: builtins.match "-?net[./].*" name != null;
  others = builtins.filter (name: !isOfNetwork name) (builtins.attrNames set);
  text = lib.concatStrings (
    lib.mapAttrsToList (name: value: "${name}=${show value}\n") (lib.filterAttrs (name: _: isOfNetwork name) set)
  );
  file = "sysctl.d/60-nixos.conf";
in
{
  options.boot.kernel.sysctl = lib.mkOption {
    type = types.attrsOf (types.nullOr (types.oneOf [ types.bool types.str types.int ]));
    default = { };
    description = "Settings of the kernel, such as \"net.ipv4.ip_forward\"; null leaves one alone.";
  };
  config = lib.mkIf config.boot.isContainer {
    warnings = lib.optional (others != [ ]) (
      "boot.kernel.sysctl: a container cannot set ${lib.concatStringsSep ", " others}, only what begins"
      + " with `net.': set it on the host."
    );
    # Read-only there.
    system.ignoredOptions = lib.optional (text != "" && config.networking.isUnalterable) "boot.kernel.sysctl";
    environment.etc = lib.mkIf (text != "") { ${file}.text = text; };
    systemd.services = lib.mkIf (text != "") {
      systemd-sysctl = {
        description = "Apply Kernel Variables";
        wantedBy = [ "sysinit.target" ];
        before = [ "sysinit.target" "shutdown.target" ];
        conflicts = [ "shutdown.target" ];
        unitConfig = {
          DefaultDependencies = false;
          # Read-only in the host's network.
          ConditionPathIsReadWrite = "/proc/sys/net/";
        };
        restartTriggers = [ (builtins.hashString "sha256" text) ];
        stopIfChanged = false;
        serviceConfig = {
          Type = "oneshot";
          RemainAfterExit = true;
          # Only this system's: below /usr are the settings of the host's packages.
          ExecStart = "/usr/lib/systemd/systemd-sysctl /etc/${file}";
        };
      };
    };
  };
}
