# `systemd.services` and the units of containers, declared and rendered by the systemd library of nixpkgs (since 22.05).
{
  config,
  lib,
  utils,
  ...
}:

let
  inherit (utils) systemdUtils;

  isContainer = name: lib.hasPrefix "container@" name && name != "container@";

  toUnit =
    name: service:
    let
      # Until 24.05 the function took the name first.
      rendered = systemdUtils.lib.serviceToUnit service;
    in
    if builtins.isFunction rendered then systemdUtils.lib.serviceToUnit name service else rendered;
in
{
  _file = "extra-container: units of the small evaluation";

  options.systemd = {
    services = lib.mkOption {
      type = systemdUtils.types.services;
      default = { };
    };

    units = lib.mkOption {
      type = systemdUtils.types.units;
      default = { };
    };

    # Read by the library: the environment of every service, and the default of the option of the same name (24.11).
    globalEnvironment = lib.mkOption {
      type = lib.types.attrsOf (lib.types.nullOr (lib.types.either lib.types.str lib.types.path));
      default = { };
    };
    enableStrictShellChecks = lib.mkOption {
      type = lib.types.bool;
      default = false;
    };
  };

  config.systemd.units = lib.mapAttrs' (
    name: service: lib.nameValuePair "${name}.service" (toUnit name service)
  ) (lib.filterAttrs (name: _: isContainer name) config.systemd.services);
}
