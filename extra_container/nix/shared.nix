# The module argument `extraContainer`, and the layout of files, for both evaluations.
{
  inputs,
  legacyInstallDirs,
  # The NixOS release of the tree, as in 18.03.
  release,
}:

{ lib, options, ... }:

let
  # Whether a value defines an option, without evaluating what it is set to. `value` is a definition before any merging: an
  # attribute set, perhaps below mkIf, mkMerge or mkOverride. Of a function nothing is known.
  defines =
    option: value:
    if builtins.isFunction value || builtins.isPath value then
      false
    else
      {
        "if" = defines option value.content;
        override = defines option value.content;
        order = defines option value.content;
        merge = builtins.any (defines option) value.contents;
      }
      .${value._type or "set"} or (value ? ${option});

  definesFor =
    option: name:
    builtins.any (
      containers: builtins.isAttrs containers && containers ? ${name} && defines option containers.${name}
    ) options.containers.definitions;
in
{
  _file = "extra-container";

  config = {
    _module.args.extraContainer = {
      inherit inputs;

      # Whether a container has a `config`, and so may get more of it: one that is given by `path` or `flake` has none, and a
      # definition of `config` would be a conflict there.
      hasConfig = name: definesFor "config" name || !(definesFor "path" name || definesFor "flake" name);
    };

    # nixpkgs uses the directories without prefix before 22.05.
    system.stateVersion = lib.mkDefault (if legacyInstallDirs then "21.11" else release);
  };
}
