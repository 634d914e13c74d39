# Flags of build systems, and command lines from sets.
{ lib }:
let
  inherit (builtins) isBool isList isString;
  checked = name: condition: value: lib.throwIfNot condition "${name}: a value of type ${builtins.typeOf value} was given" value;
in
rec {
  enableFeatureAs = enable: feature: value: if enable then "${lib.enableFeature enable feature}=${value}" else lib.enableFeature enable feature;
  withFeatureAs = enable: feature: value: if enable then "${lib.withFeature enable feature}=${value}" else lib.withFeature enable feature;
  cmakeOptionType =
    type: feature: value:
    "-D${checked "cmakeOptionType" (isString feature) feature}:${lib.toUpper type}=${checked "cmakeOptionType" (isString value) value}";
  cmakeBool = feature: value: cmakeOptionType "bool" feature (lib.toUpper (lib.boolToString (checked "cmakeBool" (isBool value) value)));
  cmakeFeature = cmakeOptionType "string";
  mesonOption = feature: value: "-D${feature}=${checked "mesonOption" (isString value) value}";
  mesonBool = feature: value: mesonOption feature (lib.boolToString (checked "mesonBool" (isBool value) value));
  mesonEnable = feature: value: mesonOption feature (if checked "mesonEnable" (isBool value) value then "enabled" else "disabled");

  cli = {
    inherit
      toGNUCommandLine
      toGNUCommandLineShell
      toCommandLine
      toCommandLineGNU
      toCommandLineShell
      toCommandLineShellGNU
      ;
  };
  # Words of a command line from a set: `true` is the bare option, a list repeats it, false and null leave it out.
  toGNUCommandLine =
    {
      mkOptionName ? name: if builtins.stringLength name == 1 then "-${name}" else "--${name}",
      mkBool ? name: value: lib.optional value (mkOptionName name),
      mkList ? name: lib.concatMap (mkOption name),
      mkOption ? (
        name: value:
        if value == null then
          [ ]
        else if optionValueSeparator == null then
          [ (mkOptionName name) (lib.generators.mkValueStringDefault { } value) ]
        else
          [ "${mkOptionName name}${optionValueSeparator}${lib.generators.mkValueStringDefault { } value}" ]
      ),
      optionValueSeparator ? null,
    }:
    let
      render =
        name: value:
        if isBool value then
          mkBool name value
        else if isList value then
          mkList name value
        else
          mkOption name value;
    in
    set: lib.concatLists (lib.mapAttrsToList render set);
  toGNUCommandLineShell = options: set: lib.escapeShellArgs (toGNUCommandLine options set);

  # As above, with a function from an option's name to { option; sep; explicitBool; formatArg ?; }.
  toCommandLine =
    optionFormat: set:
    let
      word =
        name: value:
        let
          format = optionFormat name;
          formatArg = format.formatArg or (lib.generators.mkValueStringDefault { });
          explicit = format.explicitBool or false;
          withValue =
            if format.sep or null == null then
              [ format.option (formatArg value) ]
            else
              [ "${format.option}${format.sep}${formatArg value}" ];
        in
        if isList value then
          lib.concatMap (word name) value
        else if value == null then
          [ ]
        else if isBool value && !explicit then
          lib.optional value format.option
        else
          withValue;
    in
    lib.concatLists (lib.mapAttrsToList word set);
  toCommandLineShell = optionFormat: set: lib.escapeShellArgs (toCommandLine optionFormat set);
  toCommandLineGNU =
    {
      isLong ? name: builtins.stringLength name > 1,
      explicitBool ? false,
      formatArg ? lib.generators.mkValueStringDefault { },
    }:
    toCommandLine (name: {
      option = if isLong name then "--${name}" else "-${name}";
      sep = if isLong name then "=" else "";
      inherit explicitBool formatArg;
    });
  toCommandLineShellGNU = options: set: lib.escapeShellArgs (toCommandLineGNU options set);
}
