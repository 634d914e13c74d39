# Types of single values.
{ lib, core }:
let
  inherit (core) mkOptionType defaultFunctor;
  inherit (lib) mergeEqualOption mergeOneOption;
  simple =
    name: description: check:
    mkOptionType {
      inherit name description check;
      descriptionClass = "noun";
      merge = mergeEqualOption;
    };
in
rec {
  raw = mkOptionType {
    name = "raw";
    description = "raw value";
    descriptionClass = "noun";
    merge = mergeOneOption;
  };
  unspecified = mkOptionType {
    name = "unspecified";
    description = "unspecified value";
    descriptionClass = "noun";
  };
  # Sets merge by name, lists are joined, everything else must be equal; mkIf and priorities work at every depth.
  anything = mkOptionType {
    name = "anything";
    description = "anything";
    descriptionClass = "noun";
    merge =
      loc: defs:
      let
        kindOf = value: if builtins.isAttrs value && lib.isStringLike value then "stringCoercibleSet" else builtins.typeOf value;
        kinds = lib.unique (map (def: kindOf def.value) defs);
        kind = builtins.head kinds;
      in
      if builtins.length kinds > 1 then
        throw "The option `${lib.showOption loc}' has conflicting option types in ${lib.showFiles (lib.getFiles defs)}"
      else if kind == "set" then
        (lib.types.attrsOf anything).merge loc defs
      else if kind == "list" then
        if builtins.length defs > 1 then mergeEqualOption loc defs else (lib.types.listOf anything).merge loc defs
      else if kind == "lambda" && builtins.length defs > 1 then
        arg:
        anything.merge (loc ++ [ "<function body>" ]) (
          map (def: {
            inherit (def) file;
            value = def.value arg;
          }) defs
        )
      else
        mergeEqualOption loc defs;
  };
  bool = simple "bool" "boolean" builtins.isBool;
  boolByOr = mkOptionType {
    name = "boolByOr";
    description = "boolean (merged using or)";
    descriptionClass = "noun";
    check = builtins.isBool;
    merge = _: defs: builtins.any (def: def.value) defs;
  };
  int = simple "int" "signed integer" builtins.isInt;
  float = simple "float" "floating point number" builtins.isFloat;
  number = lib.types.either int float;
  ints =
    let
      between =
        low: high:
        assert lib.assertMsg (low <= high) "ints.between: lowest must be smaller than highest";
        mkOptionType {
          name = "intBetween";
          description = "integer between ${toString low} and ${toString high} (both inclusive)";
          descriptionClass = "noun";
          check = x: builtins.isInt x && x >= low && x <= high;
          merge = mergeEqualOption;
          functor = defaultFunctor "intBetween" // {
            type = bounds: between bounds.low bounds.high;
            payload = { inherit low high; };
            binOp = a: b: if a == b then a else null;
          };
        };
      sized =
        bits: signed:
        let
          top = if bits == 8 then 256 else if bits == 16 then 65536 else 4294967296;
          type = if signed then between (0 - top / 2) (top / 2 - 1) else between 0 (top - 1);
        in
        type
        // {
          name = if signed then "signedInt${toString bits}" else "unsignedInt${toString bits}";
          description = "${toString bits} bit ${if signed then "signed" else "unsigned"} integer; ${lib.removePrefix "integer " type.description}";
        };
      limited =
        name: description: check:
        mkOptionType {
          inherit name description;
          descriptionClass = "noun";
          check = x: builtins.isInt x && check x;
          merge = mergeEqualOption;
          functor = defaultFunctor name // {
            type = limited name description check;
          };
        };
    in
    {
      inherit between;
      unsigned = limited "unsignedInt" "unsigned integer, meaning >=0" (x: x >= 0);
      positive = limited "positiveInt" "positive integer, meaning >0" (x: x > 0);
      u8 = sized 8 false;
      u16 = sized 16 false;
      u32 = sized 32 false;
      s8 = sized 8 true;
      s16 = sized 16 true;
      s32 = sized 32 true;
    };
  numbers = {
    inherit (ints) between;
    nonnegative = core.mkOptionType {
      name = "numberNonnegative";
      description = "nonnegative integer or floating point number, meaning >=0";
      check = x: (builtins.isInt x || builtins.isFloat x) && x >= 0;
      merge = mergeEqualOption;
    };
  };
  port = ints.u16 // { description = "16 bit unsigned integer; between 0 and 65535 (both inclusive)"; };

  str = simple "str" "string" builtins.isString;
  nonEmptyStr = mkOptionType {
    name = "nonEmptyStr";
    description = "non-empty string";
    descriptionClass = "noun";
    check = x: builtins.isString x && builtins.match "[ \t\n]*" x == null;
    merge = str.merge;
  };
  strMatching =
    pattern:
    mkOptionType {
      name = "strMatching ${lib.escapeNixString pattern}";
      description = "string matching the pattern ${pattern}";
      descriptionClass = "noun";
      check = x: builtins.isString x && builtins.match pattern x != null;
      merge = mergeEqualOption;
      functor = defaultFunctor "strMatching" // {
        type = strMatching;
        payload = pattern;
        binOp = a: b: if a == b then a else null;
      };
    };
  singleLineStr = mkOptionType {
    name = "singleLineStr";
    description = "(optionally newline-terminated) single-line string";
    descriptionClass = "noun";
    check = x: builtins.isString x && builtins.match "[^\n\r]*\n?" x != null;
    merge = loc: defs: lib.removeSuffix "\n" (mergeEqualOption loc defs);
  };
  passwdEntry =
    type:
    lib.types.addCheck type (s: !(lib.hasInfix ":" s || lib.hasInfix "\n" s))
    // {
      name = "passwdEntry ${type.name}";
      description = "${type.description}, not containing newlines or colons";
    };
  separatedString =
    sep:
    mkOptionType {
      name = "separatedString";
      description = if sep == "\n" then "strings concatenated with \"\\n\"" else "strings concatenated with ${lib.escapeNixString sep}";
      descriptionClass = "noun";
      check = builtins.isString;
      merge = _: defs: builtins.concatStringsSep sep (lib.getValues defs);
      functor = defaultFunctor "separatedString" // {
        type = payload: separatedString payload.sep;
        payload = { inherit sep; };
        binOp = a: b: if a == b then a else null;
      };
    };
  lines = separatedString "\n";
  commas = separatedString ",";
  envVar = separatedString ":";
  string = separatedString "";

  # A derivation passes unforced: asking for its path would write it to the store.
  path = mkOptionType {
    name = "path";
    description = "absolute path";
    descriptionClass = "noun";
    check = x: lib.isDerivation x || (lib.isStringLike x && builtins.substring 0 1 (toString x) == "/");
    merge = mergeEqualOption;
  };
  externalPath = path;
  pathInStore = mkOptionType {
    name = "pathInStore";
    description = "path in the Nix store";
    descriptionClass = "noun";
    check = x: lib.isDerivation x || (lib.isStringLike x && builtins.match "${builtins.storeDir}/[^.].*" (toString x) != null);
    merge = mergeEqualOption;
  };
  package = mkOptionType {
    name = "package";
    descriptionClass = "noun";
    check = x: lib.isDerivation x || lib.isStorePath x;
    merge =
      loc: defs:
      let
        value = mergeOneOption loc defs;
      in
      if builtins.isPath value || (builtins.isString value && !builtins.hasContext value) then lib.toDerivation value else value;
  };
  shellPackage = package // { check = x: lib.isDerivation x && x ? shellPath; };
  pkgs = lib.types.addCheck (lib.types.unique { message = "A Nixpkgs pkgs set can not be merged with another pkgs set."; } lib.types.attrs) (x: x._type or null == "pkgs") // {
    name = "pkgs";
    description = "Nixpkgs package set";
  };
  optionType = mkOptionType {
    name = "optionType";
    description = "optionType";
    descriptionClass = "noun";
    check = x: x._type or null == "option-type";
    merge =
      loc: defs:
      if builtins.length defs == 1 then
        (builtins.head defs).value
      else
        (lib.evalModules {
          modules = map (def: {
            _file = def.file;
            options.type = lib.mkOption { type = def.value; };
          }) defs;
          prefix = loc;
        }).options.type.type;
  };
}
