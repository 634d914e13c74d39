# The NixOS module of a host that runs extra containers.
{
  config,
  lib,
  options,
  pkgs,
  ...
}:

let
  cfg = config.programs.extra-container;
in
{
  # nixpkgs has a module of the same name for the program that this one replaces.
  disabledModules = [ "programs/extra-container.nix" ];

  # A plugin's module works in the containers of the host's own configuration, too, which may read itself everywhere.
  imports = [ (import ../extra_container/nix/argument.nix { definition = { config, ... }: { }; }) ];

  options.programs.extra-container = {
    enable = lib.mkEnableOption "extra-container, for containers outside of the system configuration";

    package = lib.mkOption {
      type = lib.types.package;
      default = pkgs.callPackage ./package.nix { };
      defaultText = "the package of the sources that this module is a part of";
      description = "The package to use. Its attribute `withPlugins` gives one with more plugins.";
    };
  };

  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ cfg.package ];

    # Where the units of extra containers are installed. /etc/systemd/system is read-only. Before 21.03 systemd itself was built
    # to look there.
    boot = lib.optionalAttrs (options.boot ? extraSystemdUnitPaths) {
      extraSystemdUnitPaths = [ "/etc/systemd-mutable/system" ];
    }
    // {
      # What the host has for containers: kernel modules, and network managers that leave their interfaces alone. Since 25.11 only
      # hosts with containers of their own have it.
      enableContainers = lib.mkDefault true;
    };

    # Containers with autoStart are wanted by machines.target; without this nothing wants that target.
    systemd.targets.multi-user.wants = lib.mkIf (!config.boot.enableContainers) [ "machines.target" ];
  };
}
