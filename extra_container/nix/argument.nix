# The module argument `extraContainer`, which modules of plugins read: in both evaluations, and on hosts that import the flake's module.
{
  # What plugins hand to their modules.
  inputs ? { },
  # The module with the definition of the containers.
  definition ? { },
}:

{ options, ... }:

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

  # Whether a value may be a module with arguments, and so may refer to what it is a part of. Imports are taken for such.
  hasArguments =
    value:
    if !builtins.isAttrs value then
      true
    else
      {
        "if" = hasArguments value.content;
        override = hasArguments value.content;
        order = hasArguments value.content;
        merge = builtins.any hasArguments value.contents;
      }
      .${value._type or "set"} or (value ? imports || value ? __functor);

  # Whether a module of the host may take options from the evaluated configuration; of what a function imports nothing is known.
  takesConfig =
    module:
    if builtins.isFunction module then
      builtins.functionArgs module == { } || builtins.functionArgs module ? config
    else if builtins.isAttrs module then
      builtins.any takesConfig (module.imports or [ ])
    else
      takesConfig (import module);
in
{
  _file = "extra-container";

  config._module.args.extraContainer = {
    inherit inputs;

    # Whether a container has a `config`, and so may get more of it: one that is given by `path` or `flake` has none, and a
    # definition of `config` would be a conflict there.
    hasConfig = name: definesFor "config" name || !(definesFor "path" name || definesFor "flake" name);

    # Whether options of a container may depend on others of it, as far as that can be told without evaluating them.
    mayReadItself =
      name:
      takesConfig definition
      || builtins.any (
        containers: builtins.isAttrs containers && containers ? ${name} && hasArguments containers.${name}
      ) options.containers.definitions;
  };
}
