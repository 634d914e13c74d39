# Names of dynamic users: systemd answers for them through a module of the C library, which is the host's.
{
  config,
  lib,
  ...
}:
let
  isOn = value: builtins.elem value [ true 1 "1" "yes" "true" "on" "y" "t" ];
  dynamic = builtins.attrNames (
    lib.filterAttrs (_: service: service.enable && isOn (service.serviceConfig.DynamicUser or false)) config.systemd.services
  );
  isPresent = builtins.any (dir: builtins.pathExists "${dir}/libnss_systemd.so.2") config.system.hostLibraryDirectories;
in
{
  options.system.hostLibraryDirectories = lib.mkOption {
    type = lib.types.listOf lib.types.str;
    internal = true;
    description = "Where the host's C library looks for its modules.";
    default =
      [ "/usr/lib64" "/usr/lib" ]
      # Debian has a directory for each platform.
      ++ map (name: "/usr/lib/${name}") (
        builtins.filter (lib.hasInfix "-linux-") (builtins.attrNames (builtins.readDir "/usr/lib"))
      );
  };
  config = lib.mkIf config.boot.isContainer {
    warnings = lib.optional (dynamic != [ ] && !isPresent) (
      "names of dynamic users (${lib.concatStringsSep ", " dynamic}) do not resolve"
      + " in the container, because the host has no nss-systemd: install it there (Debian, Ubuntu: libnss-systemd; Fedora: systemd-libs)."
    );
  };
}
