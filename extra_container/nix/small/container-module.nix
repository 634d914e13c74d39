# The container module of nixpkgs, reduced to what ends up in a unit or a conf.
#
# The module also defines what only a running host has (kernel modules, /etc/hosts, udev rules, the DHCP client, packages, and
# with every release something new). Those definitions are left out before the module system sees them, so their options need
# not exist.
{ nixos }:

let
  file = import ../container-module-path.nix nixos;
in
# The module system passes only the arguments named here. `utils` is read since 21.05; older modules ignore it.
{
  config,
  lib,
  options,
  pkgs,
  utils,
  ...
}@arguments:

let
  module = import file (arguments // { lib = import ./config-files.nix { inherit lib; }; });

  reduce = import ./reduce.nix {
    inherit lib;
    kept = [
      [
        "systemd"
        "services"
      ]
      [
        "environment"
        "etc"
      ]
      [ "assertions" ]
      [ "warnings" ]
    ];
  };
in
{
  _file = toString file;
  key = toString file;
  imports = module.imports or [ ];
  inherit (module) options;
  config = reduce module.config;
}
