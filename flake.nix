{
  description = "Manage declarative NixOS containers like imperative ones, without rebuilding the host";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      lib = import ./nix/lib.nix { inherit nixpkgs; };
    in
    {
      inherit lib;

      overlays.default = final: _: { extra-container = final.callPackage ./nix/package.nix { }; };

      # Importing the module is enough: it is enabled by default.
      nixosModules.default =
        { lib, ... }:
        {
          imports = [ ./nix/module.nix ];
          programs.extra-container.enable = lib.mkDefault true;
        };

      # A machine that gets containers from others: programs.extra-container.target.
      nixosModules.target = ./nix/target-module.nix;
    }
    // lib.eachSupportedSystem (
      system:
      let
        pkgs = nixpkgs.legacyPackages.${system};
        package = pkgs.callPackage ./nix/package.nix { };
        vm = import ./nix/vm.nix {
          inherit nixpkgs pkgs system;
          module = self.nixosModules.default;
          inherit (lib) evalContainers;
        };
        test = import ./nix/vm-test.nix {
          inherit nixpkgs pkgs system;
          module = self.nixosModules.default;
          inherit (lib) evalContainers;
        };
      in
      {
        packages = {
          default = package;
          extra-container = package;
          inherit test vm;
        };

        apps = {
          default = {
            type = "app";
            program = "${package}/bin/extra-container";
          };

          # A machine to play in.
          vm = {
            type = "app";
            program = "${vm}/bin/run-extra-container-vm";
          };

          # The shell of the VM test's driver, to run the test step by step. Before 21.05 every driver had it.
          debugTest = {
            type = "app";
            program = "${test.driverInteractive or test.driver}/bin/nixos-test-driver";
          };
        };

        checks = { inherit package test; };

        devShells.default = import ./nix/dev-shell.nix { inherit nixpkgs pkgs; };
      }
    );
}
