# The options of a NixOS test that say what it is. All others, which are about how NixOS runs it, are taken and ignored.
{ lib, ... }:

let
  inherit (lib) mkOption types;

  modules = mkOption {
    # Each a module: nothing is evaluated here.
    type = types.attrsOf (types.deferredModule or types.unspecified);
    default = { };
  };
in
{
  freeformType = types.lazyAttrsOf types.raw;

  options = {
    name = mkOption {
      type = types.str;
      default = "test";
    };
    nodes = modules;
    containers = modules;
    defaults = mkOption {
      type = types.deferredModule or types.unspecified;
      default = { };
    };
    testScript = mkOption { type = types.raw or types.unspecified; };
  };
}
