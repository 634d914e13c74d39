# `pkgs` of the host base: builders for small texts, and the host's own programs as packages.
{
  system ? builtins.currentSystem,
  config ? { },
  overlays ? [ ],
  ...
}:
let
  lib = import ./lib;
  builders = import ./pkgs/builders.nix { inherit lib system; };
  host = import ./pkgs/host-programs.nix { inherit lib builders; };
  platform = lib.systems.elaborate system;
  ofConfig = lib.optional (config ? packageOverrides) (_: previous: config.packageOverrides previous);
  base =
    final:
    # Builders win over a host program of the same name.
    host.packages
    // builders
    // {
      _type = "pkgs";
      inherit lib system config;
      path = ./.;
      nixos = configuration: import ./nixos/lib/eval-config.nix { inherit system; modules = lib.toList configuration; };
      stdenv = {
        inherit system;
        hostPlatform = platform;
        buildPlatform = platform;
        targetPlatform = platform;
        isLinux = true;
        shell = builders.runtimeShell;
        mkDerivation =
          _: throw "The built-in host base cannot build software (stdenv.mkDerivation): give a nixpkgs with --nixpkgs-path.";
      };
      stdenvNoCC = final.stdenv;
      targetPlatform = platform;
      hostPlatform = platform;
      buildPlatform = platform;
      formats = import ./pkgs/formats.nix {
        inherit lib;
        pkgs = final;
      };
      callPackage = lib.callPackageWith final;
      extend = overlay: final.appendOverlays [ overlay ];
      appendOverlays = more: import ./. { inherit system config; overlays = overlays ++ more; };
    };
in
lib.fix (lib.foldl' (f: overlay: lib.extends overlay f) base (ofConfig ++ overlays))
