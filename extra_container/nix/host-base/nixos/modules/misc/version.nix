# Release names and the release that state belongs to.
{
  config,
  lib,
  ...
}:
let
  inherit (lib) mkOption types;
in
{
  options.system = {
    stateVersion = mkOption {
      type = types.strMatching "[0-9]{2}\\.[0-9]{2}";
      default = lib.trivial.release;
      description = "Release whose layout of state is used; below 22.05 containers live in the legacy directories.";
    };
    nixos = {
      release = mkOption {
        type = types.str;
        readOnly = true;
        default = lib.trivial.release;
        description = "Release of NixOS whose options this base follows.";
      };
      version = mkOption {
        type = types.str;
        internal = true;
        default = lib.version;
        description = "Release with a suffix that names the base.";
      };
      label = mkOption {
        type = types.str;
        internal = true;
        default = config.system.nixos.version;
        description = "Label of a built system.";
      };
    };
    name = mkOption {
      type = types.str;
      default = if config.networking.hostName == "" then "unnamed" else config.networking.hostName;
      description = "Name of the system in store paths.";
    };
  };
}
