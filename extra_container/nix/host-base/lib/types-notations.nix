# Types of values that are written in some notation, and of values of other parts of this library.
{ lib, core }:
let
  inherit (core) mkOptionType;
  inherit (lib) types;
in
rec {
  serializableValueWith =
    {
      typeName,
      nullable ? true,
    }:
    let
      some = types.oneOf [ types.bool types.int types.float types.str types.path (types.attrsOf value) (types.listOf value) ];
      value = (if nullable then types.nullOr some else some) // {
        description = "${typeName} value";
      };
    in
    value;
  json = serializableValueWith { typeName = "JSON"; };
  toml = serializableValueWith {
    typeName = "TOML";
    nullable = false;
  };
  luaInline = mkOptionType {
    name = "luaInline";
    description = "inline lua";
    descriptionClass = "noun";
    check = value: value._type or null == "lua-inline";
    merge = lib.mergeEqualOption;
  };
  fileset = mkOptionType {
    name = "fileset";
    description = "fileset";
    descriptionClass = "noun";
    check = lib.fileset.isFileset;
    merge = _: defs: lib.fileset.unions (map (def: def.value) defs);
    emptyValue.value = lib.fileset.empty;
  };
  # Each of the two: true for "only such", false for "no such", null for either.
  pathWith =
    {
      inStore ? null,
      absolute ? null,
    }:
    let
      isAbsolute = value: builtins.substring 0 1 (toString value) == "/";
      isInStore = value: builtins.match "${builtins.storeDir}/[^.].*" (toString value) != null;
      agrees = wanted: found: wanted == null || wanted == found;
    in
    mkOptionType {
      name = "path";
      description = lib.concatStringsSep " " (
        lib.optional (absolute != null) (if absolute then "absolute" else "relative")
        ++ [ "path" ]
        ++ lib.optional (inStore != null) (if inStore then "in the Nix store" else "not in the Nix store")
      );
      descriptionClass = "noun";
      check = value: lib.isStringLike value && agrees absolute (isAbsolute value) && agrees inStore (isInStore value);
      merge = lib.mergeEqualOption;
    };
}
