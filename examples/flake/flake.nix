{
  description = "A NixOS module, and a container to try it in";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
    # Your checkout of extra-container.
    extra-container.url = "path:/path/to/extra-container";
    extra-container.inputs.nixpkgs.follows = "nixpkgs";
  };

  outputs =
    { self, extra-container, ... }@inputs:
    {
      nixosModules.hello = ./hello.nix;
    }
    // extra-container.lib.eachSupportedSystem (system: {
      packages.default = extra-container.lib.buildContainers {
        inherit system;

        config.containers.demo = {
          extra.addressPrefix = "10.250.0";

          # Arguments for the modules inside. What stands in `imports` may depend on these alone.
          specialArgs = { inherit inputs; };

          config =
            { inputs, ... }:
            {
              imports = [ inputs.self.nixosModules.hello ];
              services.hello.text = "hello from a flake";
            };
        };
      };
    });
}
