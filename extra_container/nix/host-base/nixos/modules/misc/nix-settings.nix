# The configuration of Nix in the container: the host's programs, which talk to the host's daemon.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.nix;
  atom = types.oneOf [ types.bool types.int types.float types.str types.path types.package ];
  show =
    value:
    if builtins.isList value then
      lib.concatMapStringsSep " " show value
    else if builtins.isBool value then
      lib.boolToString value
    else
      toString value;
  settings = lib.filterAttrs (_: value: value != null) cfg.settings;
  text = lib.concatLines (lib.mapAttrsToList (name: value: "${name} = ${show value}") settings) + cfg.extraOptions;
in
{
  options.nix = {
    settings = mkOption {
      type = types.attrsOf (types.nullOr (types.either atom (types.listOf atom)));
      default = { };
      description = "Settings of nix.conf.";
    };
    extraOptions = mkOption {
      type = types.lines;
      default = "";
      description = "Lines at the end of nix.conf.";
    };
    nixPath = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Where Nix looks for <name>: NIX_PATH of every login.";
    };
  };
  config = lib.mkIf config.boot.isContainer {
    environment.etc = lib.mkIf (text != "") { "nix/nix.conf".text = text; };
    environment.sessionVariables = lib.mkIf (cfg.nixPath != [ ]) { NIX_PATH = lib.mkDefault cfg.nixPath; };
  };
}
