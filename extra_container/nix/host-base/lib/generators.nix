# Values to text in common configuration formats, and to readable Nix for messages.
{ lib }:
let
  inherit (lib) concatMapStringsSep concatStringsSep mapAttrsToList;
in
rec {
  mkValueStringDefault =
    _: value:
    if builtins.isString value || builtins.isInt value || lib.isStringLike value then
      toString value
    else if builtins.isFloat value then
      builtins.toJSON value
    else if value == true then
      "true"
    else if value == false then
      "false"
    else if value == null then
      "null"
    else
      throw "generators.mkValueStringDefault: ${builtins.typeOf value} not supported: ${toPretty { } value}";
  mkKeyValueDefault =
    {
      mkValueString ? mkValueStringDefault { },
    }:
    sep: key: value:
    "${lib.escape [ sep ] key}${sep}${mkValueString value}";
  toKeyValue =
    {
      mkKeyValue ? mkKeyValueDefault { } "=",
      listsAsDuplicateKeys ? false,
      indent ? "",
    }:
    set:
    lib.concatStrings (
      lib.concatMap (name: map (value: "${indent}${mkKeyValue name value}\n") (valuesOf listsAsDuplicateKeys set.${name})) (
        builtins.attrNames set
      )
    );
  valuesOf = duplicate: value: if duplicate then lib.toList value else [ value ];
  toINI =
    {
      mkSectionName ? lib.escape [
        "["
        "]"
      ],
      mkKeyValue ? mkKeyValueDefault { } "=",
      listsAsDuplicateKeys ? false,
    }:
    sections:
    concatStringsSep "\n" (
      mapAttrsToList (
        name: values: "[${mkSectionName name}]\n" + toKeyValue { inherit mkKeyValue listsAsDuplicateKeys; } values
      ) sections
    );
  toJSON = _: builtins.toJSON;
  toYAML = toJSON;

  # Readable Nix text of any value; what cannot be shown (functions, derivations) is named by kind.
  toPretty =
    {
      multiline ? true,
      allowPrettyValues ? false,
      indent ? "",
    }:
    let
      go =
        indent: value:
        let
          inner = indent + "  ";
          break = if multiline then "\n${inner}" else " ";
          close = if multiline then "\n${indent}" else " ";
          shown = builtins.tryEval value;
        in
        if builtins.isString value then
          showString indent value
        else if builtins.isFloat value || builtins.isInt value then
          builtins.toJSON value
        else if value == true then
          "true"
        else if value == false then
          "false"
        else if value == null then
          "null"
        else if builtins.isPath value then
          toString value
        else if builtins.isList value then
          if value == [ ] then "[ ]" else "[" + break + concatMapStringsSep break (go inner) value + close + "]"
        else if lib.isFunction value then
          let
            args = lib.functionArgs value;
            names = mapAttrsToList (name: hasDefault: if hasDefault then name + "?" else name) args;
          in
          if args == { } then "<function>" else "<function, args: {${concatStringsSep ", " names}}>"
        else if allowPrettyValues && value ? __pretty then
          value.__pretty value.val
        else if value == { } then
          "{ }"
        else if lib.isDerivation value then
          "<derivation ${value.name or "???"}>"
        else
          "{"
          + break
          + concatStringsSep break (
            mapAttrsToList (name: item: "${lib.escapeNixIdentifier name} = ${go inner item};") value
          )
          + close
          + "}";
      showString =
        indent: value:
        let
          escaped = lib.escape [ "$" ] (builtins.toJSON value);
          lines = lib.splitString "\n" value;
        in
        if multiline && builtins.length lines > 1 then
          "''\n${indent}  ${
            concatStringsSep "\n${indent}  " (
              map (builtins.replaceStrings [ "\${" "''" ] [ "''\${" "'''" ]) (
                if lib.last lines == "" then lib.init lines else lines
              )
            )
          }${if lib.last lines == "" then "\n${indent}" else ""}''"
        else
          escaped;
    in
    go indent;
  # Nested values below `depthLimit` become a mark, so that a message about a whole configuration stays short.
  withRecursion =
    {
      depthLimit,
      throwOnDepthLimit ? true,
    }:
    let
      cut =
        depth: value:
        if depth > depthLimit then
          (
            if throwOnDepthLimit then
              throw "Exceeded maximum eval-depth limit of ${toString depthLimit} while trying to evaluate with `generators.withRecursion'!"
            else
              "<unevaluated>"
          )
        else if lib.isDerivation value then
          value
        else if builtins.isAttrs value then
          builtins.mapAttrs (name: item: if lib.hasPrefix "__" name then item else cut (depth + 1) item) value
        else if builtins.isList value then
          map (cut (depth + 1)) value
        else
          value;
    in
    cut 0;
}
