# The platform. Packages come from the host, so most of nixpkgs' settings are accepted without effect.
{
  config,
  lib,
  ...
}:
let
  inherit (lib) mkOption types;
in
{
  options.nixpkgs = {
    system = mkOption {
      type = types.str;
      description = "Platform that is evaluated for, such as x86_64-linux.";
    };
    hostPlatform = mkOption {
      type = types.coercedTo types.str (system: { inherit system; }) (types.attrsOf types.raw);
      description = "Platform as a set with `system`.";
    };
    buildPlatform = mkOption {
      type = types.raw;
      default = config.nixpkgs.hostPlatform;
      description = "The same as hostPlatform: nothing is compiled.";
    };
    config = mkOption {
      type = types.attrsOf types.anything;
      default = { };
      description = "Accepted without effect.";
    };
    overlays = mkOption {
      type = types.listOf types.raw;
      default = [ ];
      description = "Overlays over the host's packages.";
    };
    pkgs = mkOption {
      type = types.raw;
      default = null;
      description = "Accepted without effect.";
    };
  };
  config.nixpkgs.hostPlatform = lib.mkOptionDefault config.nixpkgs.system;
}
