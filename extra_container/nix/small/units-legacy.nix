# The same as units.nix for releases before 22.05, whose library does not declare or render services: both are taken out of
# systemd.nix, by calling that module like a function. Its own definitions for a host never reach the module system.
{ nixos }:

{
  config,
  lib,
  options,
  pkgs,
  utils,
  ...
}@arguments:

let
  isContainer = name: lib.hasPrefix "container@" name && name != "container@";

  # Called with a configuration that has no units but the services of containers.
  module = import (nixos + "/modules/system/boot/systemd.nix") (
    arguments
    // {
      config = config // {
        systemd = config.systemd // {
          services = lib.filterAttrs (name: _: isContainer name) config.systemd.services;
          paths = { };
          slices = { };
          sockets = { };
          targets = { };
          timers = { };
          mounts = [ ];
          automounts = [ ];
        };
      };
    }
  );
in
{
  _file = "extra-container: units of the small evaluation";

  options.systemd = {
    inherit (module.options.systemd) services units globalEnvironment;
  };

  config = import ./reduce.nix {
    inherit lib;
    kept = [
      [
        "systemd"
        "units"
      ]
    ];
  } module.config;
}
