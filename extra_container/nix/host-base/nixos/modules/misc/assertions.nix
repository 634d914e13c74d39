# What modules complain about: failed assertions stop a build, warnings are shown.
{ lib, ... }:
{
  options = {
    assertions = lib.mkOption {
      type = lib.types.listOf lib.types.unspecified;
      internal = true;
      default = [ ];
      description = "Conditions ({ assertion; message; }) that must hold for the configuration to be built.";
    };
    warnings = lib.mkOption {
      type = lib.types.listOf lib.types.str;
      internal = true;
      default = [ ];
      description = "Messages shown when the configuration is built.";
    };
    meta = lib.mkOption {
      type = lib.types.attrsOf lib.types.raw;
      internal = true;
      default = { };
      description = "Facts about modules that nothing here reads.";
    };
  };
}
