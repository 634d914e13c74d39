# What nixpkgs may read from the host configuration in the small evaluation, and why. The only list of its kind.
#
# `read` options have a value that ends up in a unit or a conf, or decides about one.
{
  system,
  kernelVersion,
}:

{
  config,
  lib,
  pkgs,
  ...
}:

let
  read = type: default: lib.mkOption { inherit type default; };

  declare =
    option:
    lib.setAttrByPath (lib.splitString "." option) (
      lib.mkOption {
        type = lib.types.unspecified;
        default = null;
      }
    );
in
{
  _file = "extra-container: host options of the small evaluation";

  options = lib.foldl lib.recursiveUpdate {
    # Container module: which of the two directory layouts (22.05).
    system.stateVersion = lib.mkOption { type = lib.types.str; };

    # Container module: systemd-nspawn of the start script. Systemd library: PATH of every service.
    systemd.package = read lib.types.package pkgs.systemd;

    # Container module: nix in PATH of the start script (25.11).
    nix.package = read lib.types.package pkgs.nix;

    # Container module: whether interfaces have alternative names, which long container names need (21.05).
    boot.kernelPackages = read lib.types.unspecified {
      kernel.version = if kernelVersion == "" then "999" else kernelVersion;
    };

    # Container module: the podman configuration in /etc/containers, for a warning (22.05).
    virtualisation.containers.enable = read lib.types.bool false;

    # Container module: NetworkManager leaves the interfaces of containers alone.
    networking.networkmanager.enable = read lib.types.bool false;

    # Container module: what wants machines.target.
    systemd.targets = read (lib.types.attrsOf lib.types.unspecified) { };
  } (map declare (import ../without-effect.nix));

  config = {
    # A definition may say otherwise; old releases cannot merge two equal strings of the same priority, and the newest throw where
    # nothing is defined. So: weaker than mkDefault, stronger than a default.
    nixpkgs.system = lib.mkOverride 1400 system;
  };
}
