# Types whose values are configurations of their own.
{ lib, core }:
let
  inherit (core) mkOptionType defaultFunctor;
in
rec {
  submodule =
    modules:
    submoduleWith {
      shorthandOnlyDefinesConfig = true;
      modules = lib.toList modules;
    };
  submoduleWith =
    {
      modules,
      specialArgs ? { },
      shorthandOnlyDefinesConfig ? false,
      description ? null,
      class ? null,
    }@attrs:
    let
      asModule =
        def:
        if builtins.isAttrs def.value && shorthandOnlyDefinesConfig then
          {
            _file = def.file;
            config = def.value;
          }
        else
          lib.setDefaultModuleLocation def.file def.value;
      base = lib.evalModules {
        inherit class specialArgs;
        # A submodule in a set is told its name; outside of one this value is never asked for.
        modules = [ { _module.args.name = lib.mkOptionDefault "‹name›"; } ] ++ modules;
      };
      freeform = base._module.freeformType;
    in
    mkOptionType {
      name = "submodule";
      description =
        if description != null then
          description
        else
          "submodule";
      check = x: builtins.isAttrs x || lib.isFunction x || lib.types.path.check x;
      merge =
        loc: defs:
        (base.extendModules {
          modules = [ { _module.args.name = lib.last loc; } ] ++ map asModule defs;
          prefix = loc;
        }).config;
      emptyValue.value = { };
      getSubOptions = prefix: (base.extendModules { inherit prefix; }).options;
      getSubModules = modules;
      substSubModules = replaced: submoduleWith (attrs // { modules = replaced; });
      functor = defaultFunctor "submodule" // {
        type = submoduleWith;
        payload = {
          inherit
            modules
            class
            specialArgs
            shorthandOnlyDefinesConfig
            description
            ;
        };
        binOp = a: b: {
          class = if a.class == null then b.class else a.class;
          modules = a.modules ++ b.modules;
          specialArgs =
            let
              both = builtins.intersectAttrs a.specialArgs b.specialArgs;
            in
            if both == { } then
              a.specialArgs // b.specialArgs
            else
              throw "A submoduleWith option is declared multiple times with the same specialArgs \"${toString (builtins.attrNames both)}\"";
          shorthandOnlyDefinesConfig =
            if a.shorthandOnlyDefinesConfig == b.shorthandOnlyDefinesConfig then
              a.shorthandOnlyDefinesConfig
            else
              throw "A submoduleWith option is declared multiple times with conflicting shorthandOnlyDefinesConfig values";
          description = if a.description == null then b.description else a.description;
        };
      };
    };
  # A module that is not evaluated here but handed on; several definitions become one that imports them.
  deferredModule = deferredModuleWith { };
  deferredModuleWith =
    {
      staticModules ? [ ],
    }@attrs:
    mkOptionType {
      name = "deferredModule";
      description = "module";
      descriptionClass = "noun";
      check = x: builtins.isAttrs x || lib.isFunction x || lib.types.path.check x;
      merge = loc: defs: {
        imports =
          staticModules
          ++ map (def: lib.setDefaultModuleLocation "${toString def.file}, via option ${lib.showOption loc}" def.value) defs;
      };
      getSubOptions = prefix: (lib.evalModules { modules = staticModules; inherit prefix; }).options;
      getSubModules = staticModules;
      substSubModules = modules: deferredModuleWith (attrs // { staticModules = modules; });
      functor = defaultFunctor "deferredModuleWith" // {
        type = deferredModuleWith;
        payload = { inherit staticModules; };
        binOp = a: b: { staticModules = a.staticModules ++ b.staticModules; };
      };
    };
}
