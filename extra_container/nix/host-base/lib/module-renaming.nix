# Modules that keep old option names working, and definitions copied from one option to another.
{ lib }:
let
  inherit (lib) showOption setAttrByPath attrByPath;
  fromOf = path: options: attrByPath path (abort "Renaming error: option `${showOption path}' does not exist.") options;
in
rec {
  mkAliasOptionModuleMD = mkAliasOptionModule;
  mkAliasIfDef = option: lib.mkIf (option.isDefined or false);
  mkAliasAndWrapDefsWithPriority =
    wrap: option:
    let
      priority = option.highestPrio or lib.modules.defaultOverridePriority;
    in
    lib.mkIf (option.isDefined or false) (wrap (map (lib.mkOverride priority) option.definitions));
  mkRenamedOptionModuleWith =
    {
      from,
      to,
      sinceRelease,
    }:
    doRename {
      inherit from to;
      warn = lib.oldestSupportedReleaseIsAtLeast sinceRelease;
    };
  # Several old options become one; those that are not set are the text "_mkMergedOptionModule".
  mkMergedOptionModule =
    from: to: mergeFn:
    { config, options, ... }:
    let
      unset = "_mkMergedOptionModule";
      isSet = path: attrByPath path unset config != unset;
      used = builtins.filter isSet from;
    in
    {
      options = builtins.foldl' lib.recursiveUpdate { } (
        map (path: setAttrByPath path (lib.mkOption {
          visible = false;
          default = unset;
        })) from
      );
      config = {
        warnings = map (
          path: "The option `${showOption path}' defined in ${lib.showFiles (fromOf path options).files} has been changed to `${showOption to}' that has a different type. Please read `${showOption to}' documentation and update your configuration accordingly."
        ) used;
      }
      // setAttrByPath to (lib.mkMerge (lib.optional (used != [ ]) (mergeFn config)));
    };
  mkAliasDefinitions = mkAliasAndWrapDefinitions lib.id;
  mkAliasAndWrapDefinitions = wrap: option: lib.mkIf (option.isDefined or false) (wrap (lib.mkMerge option.definitions));
  mkDerivedConfig = option: f: lib.mkOverride option.highestPrio (f option.value);
  fixMergeModules = modules: args: lib.fix (config: lib.evalModules { inherit modules args; });

  mkRemovedOptionModule =
    path: replacement:
    { options, ... }:
    {
      options = setAttrByPath path (
        lib.mkOption {
          visible = false;
          apply = _: throw "The option `${showOption path}' can no longer be used since it's been removed. ${replacement}";
        }
      );
      config.assertions =
        let
          option = fromOf path options;
        in
        [
          {
            assertion = !option.isDefined;
            message = "The option definition `${showOption path}' in ${lib.showFiles option.files} no longer has any effect; please remove it.\n${replacement}";
          }
        ];
    };
  mkRenamedOptionModule =
    from: to:
    doRename {
      inherit from to;
      warn = true;
    };
  mkAliasOptionModule =
    from: to:
    doRename {
      inherit from to;
      warn = false;
    };
  mkChangedOptionModule =
    from: to: change:
    { config, options, ... }:
    {
      options = setAttrByPath from (lib.mkOption { visible = false; });
      config = lib.mkIf (fromOf from options).isDefined (setAttrByPath to (change config));
    };
  doRename =
    {
      from,
      to,
      warn ? false,
      visible ? false,
      use ? lib.id,
      withPriority ? true,
      condition ? true,
    }:
    { config, options, ... }:
    let
      old = fromOf from options;
      new = attrByPath to { } options;
    in
    {
      options = setAttrByPath from (
        lib.mkOption (
          {
            inherit visible;
            description = "Alias of `${showOption to}'.";
            apply = _: use (fromOf to config);
          }
          // lib.optionalAttrs (new ? type) { inherit (new) type; }
        )
      );
      config = lib.mkIf condition (
        lib.mkMerge [
          (lib.optionalAttrs (options ? warnings) {
            warnings = lib.optional (
              warn && old.isDefined
            ) "The option `${showOption from}' defined in ${lib.showFiles old.files} has been renamed to `${showOption to}'.";
          })
          (
            if withPriority then
              setAttrByPath to (lib.mkIf old.isDefined (lib.mkMerge (map (lib.mkOverride old.highestPrio) old.definitions)))
            else
              setAttrByPath to (mkAliasDefinitions old)
          )
        ]
      );
    };
}
