# A host that is NixOS, set up as its users do it: with this program's own module. It is itself a container of the test host.
{
  # The folder that stands where nixpkgs stands.
  folder,
  # What its state is of, and that of its containers.
  version,
}:
import (folder + "/nixos") {
  configuration =
    {
      lib,
      options,
      pkgs,
      ...
    }:
    {
      imports = [ ../../../nix/module.nix ];

      programs.extra-container = {
        enable = true;
        # The one that is installed in the test host: Python packages of nixpkgs are not to be had.
        package = pkgs.linkFarm "extra-container" [
          {
            name = "bin/extra-container";
            path = "/opt/extra-container/bin/extra-container";
          }
        ];
      };

      # One of the host's own configuration.
      containers.declared.config.system.stateVersion = version;

      users.users.alice = {
        isNormalUser = true;
        extraGroups = [ "wheel" ];
      };
      security.sudo.wheelNeedsPassword = false;

      boot = if options.boot ? isNspawnContainer then { isNspawnContainer = true; } else { isContainer = true; };
      networking = {
        hostName = "nixos-host";
        useDHCP = false;
        useHostResolvConf = false;
      };
      # The store is this host's own to write; in a container NixOS asks the daemon of its host.
      environment.variables.NIX_REMOTE = lib.mkForce "";
      nix.nixPath = [ "nixpkgs=${toString folder}" ];
      nix.settings = {
        sandbox = false;
        substituters = lib.mkForce [ ];
        build-users-group = lib.mkForce "";
      };
      system.stateVersion = version;
    };
}
