# The library under the names that NixOS modules use. Each file gets the finished `lib`, so that they can use one another.
let
  # Parts that are groups by names of nixpkgs.
  groups = [
    "trivial"
    "attrsets"
    "lists"
    "strings"
    "derivations"
    "generators"
    "options"
    "modules"
  ];
  # The others, whose names only say where functions stand here.
  places = [
    "shell"
    "strings-with-deps"
    "characters"
    "flags"
    "scopes"
    "paths"
    "debugging"
    "fileset"
    "systems"
    "licenses"
  ];
  # What `lib` is once the functions have their final `lib`, which `extend` gives them.
  contents =
    lib:
    let
      loaded = builtins.listToAttrs (
        map (name: {
          inherit name;
          value = import (./. + "/${name}.nix") { inherit lib; };
        }) (groups ++ places)
      );
    in
    # Flat names (`lib.mapAttrs`) and grouped ones (`lib.attrsets.mapAttrs`) both belong to the interface.
    builtins.foldl' (acc: name: acc // loaded.${name}) { } (groups ++ places)
    // removeAttrs loaded places
    // {
      strings = loaded.strings // loaded.shell // removeAttrs loaded.characters [ "fromHexString" "hexadecimal" ] // {
        inherit (builtins)
          compareVersions
          concatMap
          elem
          elemAt
          filter
          fromJSON
          genList
          head
          isAttrs
          isInt
          isList
          isPath
          readFile
          tail
          toJSON
          typeOf
          ;
        inherit (lib)
          cmakeBool
          cmakeFeature
          cmakeOptionType
          enableFeatureAs
          makeIncludePath
          mesonBool
          mesonEnable
          mesonOption
          withFeatureAs
          ;
        isCoercibleToString = lib.isConvertibleWithToString;
        # `lib.replicate` is the one of lists.
        replicate = n: s: lib.concatStrings (lib.replicate n s);
      };
      lists = loaded.lists // {
        # `lib.hasPrefix` and `lib.removePrefix` are those of strings.
        hasPrefix = loaded.lists.hasPrefixList;
        removePrefix = loaded.lists.removePrefixList;
      };
      attrsets = loaded.attrsets // {
        inherit (lib)
          chooseDevOutputs
          getBin
          getDev
          getFirstOutput
          getInclude
          getLib
          getMan
          getOutput
          getStatic
          toDerivation
          ;
      };
      generators = loaded.generators // import ./languages.nix { inherit lib; };
      inherit (lib.generators) mkLuaInline;
      trivial = loaded.trivial // loaded.trivial.trivial // {
        inherit (lib) fromHexString;
      };
      options = loaded.options // {
        literalCode = lib.literalExpression;
      };
      modules = loaded.modules // { inherit (lib) importJSON importTOML; };
      stringsWithDeps = loaded.strings-with-deps;
      maintainers = { };
      teams = { };
      types = import ./types.nix { inherit lib; };
      inherit (lib.types) mkOptionType isOptionType defaultFunctor defaultTypeMerge;
      asserts = {
        inherit (lib) assertMsg assertOneOf;
        assertEachOneOf =
          name: values: allowed:
          builtins.all (value: lib.assertOneOf name value allowed) values;
        checkAssertWarn =
          assertions: warnings: value:
          let
            failed = builtins.filter (item: !item.assertion) assertions;
          in
          if failed != [ ] then
            throw "\nFailed assertions:\n${lib.concatMapStringsSep "\n" (item: "- ${item.message}") failed}"
          else
            lib.showWarnings warnings value;
      };
      meta = {
        inherit (lib)
          addMetaAttrs
          appendToName
          availableOn
          dontDistribute
          getExe
          getExe'
          getLicenseFromSpdxId
          getLicenseFromSpdxIdOr
          hiPrio
          hiPrioSet
          lowPrio
          lowPrioSet
          mapDerivationAttrset
          platformMatch
          setName
          setPrio
          updateName
          ;
        defaultPriority = 5;
      };
      customisation = {
        inherit (lib)
          callPackageWith
          callPackagesWith
          extendDerivation
          hydraJob
          makeOverridable
          makeScope
          overrideDerivation
          ;
      };
      fixedPoints = {
        inherit (lib)
          fix
          extends
          composeExtensions
          composeManyExtensions
          converge
          fix'
          makeExtensible
          makeExtensibleWithCustomName
          toExtension
          ;
      };
      versions = {
        inherit (lib) splitVersion;
        inherit (builtins) compareVersions;
        pad =
          count: version:
          let
            plain = builtins.head (lib.splitString "-" version);
            numbers = lib.splitVersion plain;
          in
          lib.concatStringsSep "." (lib.take count (numbers ++ lib.genList (_: "0") count))
          + lib.removePrefix plain version;
        patch = version: builtins.elemAt (lib.splitVersion version) 2;
        major = version: builtins.head (lib.splitVersion version);
        minor = version: builtins.elemAt (lib.splitVersion version) 1;
        majorMinor = version: lib.concatStringsSep "." (lib.take 2 (lib.splitVersion version));
      };
    };
in
# A `lib` whose functions see what it is extended with.
(import ./trivial.nix { lib = { }; }).makeExtensible contents
