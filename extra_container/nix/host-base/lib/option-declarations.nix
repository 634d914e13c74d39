# Several declarations of one option merged into one, and that option evaluated from its definitions.
{ lib }:
let
  inherit (builtins) filter head length;
  inherit (lib) showOption showFiles showDefs;
  properties = import ./properties.nix { inherit lib; };
  # Module sets of submodules learn the file of the declaration that brings them, for messages.
  located =
    decl: type:
    let
      modules = type.getSubModules or null;
    in
    if modules == null then type else type.substSubModules (map (lib.setDefaultModuleLocation decl._file) modules);
in
{
  mergeOptionDecls =
    loc: decls:
    builtins.foldl'
      (
        acc: decl:
        let
          option = decl.options;
          both = name: acc ? ${name} && option ? ${name};
          clash = lib.any both [
            "default"
            "example"
            "description"
            "apply"
          ];
          mergedType = acc.type.typeMerge (located decl option.type).functor;
          type =
            if !(option ? type) then
              { }
            else if !(acc ? type) then
              { type = located decl option.type; }
            else if mergedType == null then
              throw "The option `${showOption loc}' in `${decl._file}' is already declared in ${showFiles acc.declarations}."
            else
              { type = mergedType; };
        in
        if clash then
          throw "The option `${showOption loc}' in `${decl._file}' is already declared in ${showFiles acc.declarations}."
        else
          option
          // acc
          // type
          // {
            declarations = acc.declarations ++ [ decl._file ];
          }
      )
      {
        _type = "option";
        inherit loc;
        declarations = [ ];
      }
      decls;

  evalOption =
    loc: option: defs:
    let
      type = option.type or lib.types.unspecified;
      withDefault =
        (lib.optional (option ? default) {
          file = head option.declarations;
          value = lib.mkOptionDefault option.default;
        })
        ++ defs;
      merged =
        if option.readOnly or false && length withDefault > 1 then
          let
            separate = map (def: def // { value = (properties.mergeDefinitions loc type [ def ]).mergedValue; }) withDefault;
          in
          throw "The option `${showOption loc}' is read-only, but it's set multiple times. Definition values:${showDefs separate}"
        else
          properties.mergeDefinitions loc type withDefault;
      value =
        builtins.addErrorContext "while evaluating the option `${showOption loc}':" (
          if option ? apply then option.apply merged.mergedValue else merged.mergedValue
        );
    in
    option
    // {
      inherit type value;
      inherit (merged.defsFinal') highestPrio;
      definitions = lib.getValues merged.defsFinal;
      files = lib.getFiles merged.defsFinal;
      definitionsWithLocations = merged.defsFinal;
      isDefined = merged.isDefined;
      options = type.getSubOptions loc;
      __toString = _: showOption loc;
    };
}
