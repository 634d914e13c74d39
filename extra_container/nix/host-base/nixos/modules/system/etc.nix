# Files below /etc.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  entries = builtins.filter (entry: entry.enable) (builtins.attrValues config.environment.etc);
  # Small texts stand in the directory itself, so that they need no store path each.
  fileOf =
    entry:
    if entry.inline && entry.source ? inlineText then
      { text = entry.source.inlineText; }
    else
      { link = "${entry.source}"; };
in
{
  options.environment.etc = mkOption {
    default = { };
    description = "Files below /etc by relative path.";
    type = types.attrsOf (
      types.submodule (
        { name, config, options, ... }:
        {
          options = {
            enable = mkOption {
              type = types.bool;
              default = true;
              description = "Whether the file is there.";
            };
            target = mkOption {
              type = types.str;
              default = name;
              description = "Path relative to /etc.";
            };
            text = mkOption {
              type = types.nullOr types.lines;
              default = null;
              description = "Content.";
            };
            source = mkOption {
              type = types.path;
              description = "File or directory with the content.";
            };
            mode = mkOption {
              type = types.str;
              default = "symlink";
              description = "`symlink`, or the mode of a copy such as 0600.";
            };
            uid = mkOption {
              type = types.int;
              default = 0;
              description = "Owner of a copy.";
            };
            gid = mkOption {
              type = types.int;
              default = 0;
              description = "Group of a copy.";
            };
            user = mkOption {
              type = types.str;
              default = "+${toString config.uid}";
              description = "Owner of a copy by name, or +UID.";
            };
            group = mkOption {
              type = types.str;
              default = "+${toString config.gid}";
              description = "Group of a copy by name, or +GID.";
            };
            inline = mkOption {
              type = types.bool;
              internal = true;
              default = true;
              description = "Whether a text may stand in the directory instead of being a link to a store path of its own.";
            };
          };
          config.source = lib.mkIf (config.text != null) (
            lib.mkDerivedConfig options.text (pkgs.writeText "etc-${baseNameOf name}")
          );
        }
      )
    );
  };
  config.system.build.etc = pkgs.writeTree "etc" (
    builtins.listToAttrs (map (entry: lib.nameValuePair "etc/${entry.target}" (fileOf entry)) entries)
    // {
      # What the activation links and copies: mode, owner, group, path.
      "manifest".text = lib.concatLines (map (entry: "${entry.mode} ${entry.user} ${entry.group} ${entry.target}") entries);
    }
  ) { };
}
