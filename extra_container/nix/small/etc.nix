# `environment.etc`, as far as the conf files of containers need it: text or source.
{ lib, pkgs, ... }:

{
  _file = "extra-container: files of the small evaluation";

  options.environment.etc = lib.mkOption {
    default = { };
    type = lib.types.attrsOf (
      lib.types.submodule (
        { config, name, ... }:
        {
          options = {
            text = lib.mkOption {
              type = lib.types.nullOr lib.types.lines;
              default = null;
            };
            source = lib.mkOption { type = lib.types.path; };
          };
          config.source = lib.mkIf (config.text != null) (
            lib.mkDefault (pkgs.writeText "etc-${lib.replaceStrings [ "/" ] [ "-" ] name}" config.text)
          );
        }
      )
    );
  };
}
