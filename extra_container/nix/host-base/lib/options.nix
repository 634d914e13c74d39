# Declaring options, and showing them and their definitions in messages.
{ lib }:
let
  inherit (builtins)
    concatMap
    head
    isList
    length
    tail
    ;
  inherit (lib) concatMapStrings concatMapStringsSep concatStringsSep;
in
rec {
  isOption = lib.isType "option";
  isType = type: value: value._type or null == type;
  setType = type: value: value // { _type = type; };
  mkOption =
    attrs@{
      default ? null,
      defaultText ? null,
      example ? null,
      description ? null,
      relatedPackages ? null,
      type ? null,
      apply ? null,
      internal ? null,
      visible ? null,
      readOnly ? null,
      options ? null,
    }:
    attrs // { _type = "option"; };
  mkEnableOption =
    name:
    mkOption {
      default = false;
      example = true;
      description = "Whether to enable ${name}.";
      type = lib.types.bool;
    };
  mkPackageOption =
    pkgs: name:
    {
      nullable ? false,
      default ? name,
      example ? null,
      extraDescription ? "",
      pkgsText ? "pkgs",
    }:
    let
      nameText = if isList name then concatStringsSep "." name else name;
    in
    mkOption (
      {
        type = with lib.types; if nullable then nullOr package else package;
        description = "The ${nameText} package to use.${extraDescription}";
      }
      // lib.optionalAttrs (default != null) {
        default = lib.attrByPath (lib.toList default) (throw "${concatStringsSep "." (lib.toList default)} cannot be found in ${pkgsText}") pkgs;
      }
      // lib.optionalAttrs (default == null && nullable) { default = null; }
    );
  mkSinkUndeclaredOptions =
    attrs:
    mkOption (
      {
        internal = true;
        visible = false;
        default = false;
        type = lib.mkOptionType {
          name = "sink";
          check = _: true;
          merge = _: _: false;
        };
        apply = _: throw "Option value is not readable because the option is not declared.";
      }
      // attrs
    );

  literalExpression = text: {
    _type = "literalExpression";
    inherit text;
  };
  literalMD = text: {
    _type = "literalMD";
    inherit text;
  };
  mdDoc = text: text;

  getValues = map (def: def.value);
  getFiles = map (def: def.file);

  prioritySuggestion = "Use `lib.mkForce value` or `lib.mkDefault value` to change the priority on any of these definitions.";
  mergeDefaultOption =
    loc: defs:
    let
      values = getValues defs;
      allAre = test: builtins.all test values;
    in
    if length values == 1 then
      head values
    else if allAre lib.isFunction then
      x: mergeDefaultOption loc (map (def: def // { value = def.value x; }) defs)
    else if allAre isList then
      builtins.concatLists values
    else if allAre builtins.isAttrs then
      builtins.foldl' lib.mergeAttrs { } values
    else if allAre builtins.isBool then
      builtins.any lib.id values
    else if allAre builtins.isString then
      lib.concatStrings values
    else if allAre builtins.isInt && builtins.all (value: value == head values) values then
      head values
    else
      throw "Cannot merge definitions of `${showOption loc}'. Definition values:${showDefs defs}";
  mergeOneOption = mergeUniqueOption { message = ""; };
  mergeUniqueOption =
    {
      message,
      merge ? _: defs: (head defs).value,
    }:
    loc: defs:
    if length defs == 1 then
      merge loc defs
    else
      throw "The option `${showOption loc}' is defined multiple times while it's expected to be unique.\n${message}\nDefinition values:${showDefs defs}\n${prioritySuggestion}";
  # A lone definition is not compared with itself: functions are never equal.
  mergeEqualOption =
    loc: defs:
    let
      first = head defs;
      differing = builtins.filter (def: def.value != first.value) (tail defs);
    in
    if length defs == 1 || differing == [ ] then
      first.value
    else
      throw "The option `${showOption loc}' has conflicting definition values:${
        showDefs [
          first
          (head differing)
        ]
      }\n${prioritySuggestion}";

  # Names that are no identifiers are quoted, except the placeholders that types put into a location.
  showOption =
    loc:
    let
      placeholders = [
        "*"
        "<name>"
        "<function body>"
      ];
      showPart =
        part:
        if builtins.elem part placeholders || builtins.match "[a-zA-Z_][a-zA-Z0-9_'-]*" part != null then
          part
        else
          lib.escapeNixString part;
    in
    concatMapStringsSep "." showPart loc;
  showFiles = files: concatStringsSep " and " (map (file: "`${toString file}'") files);
  # Up to five lines of a value are shown; a value that fails to evaluate is left out.
  showDefs = concatMapStrings (
    def:
    let
      lines = lib.splitString "\n" (
        lib.generators.toPretty { allowPrettyValues = true; } (
          lib.generators.withRecursion {
            depthLimit = 10;
            throwOnDepthLimit = false;
          } def.value
        )
      );
      shown = builtins.tryEval (
        if length lines > 5 then
          concatStringsSep "\n    " (lib.take 5 lines ++ [ "..." ])
        else
          concatStringsSep "\n    " lines
      );
      value = if shown.success then ": ${shown.value}" else "";
    in
    "\n- In `${toString def.file}'${value}"
  );
  showOptionWithDefLocs = option: "${showOption option.loc}, with values defined in:\n${concatMapStringsSep "\n" (file: "  - ${toString file}") option.files}\n";
  unknownModule = "<unknown-file>";

  optionAttrSetToDocList =
    options:
    concatMap (
      option:
      let
        nested = option.type.getSubOptions option.loc;
      in
      [
        {
          inherit (option) loc declarations;
          name = showOption option.loc;
          description = option.description or null;
          internal = option.internal or false;
          visible = option.visible or true;
          readOnly = option.readOnly or false;
          type = option.type.description or "unspecified";
        }
      ]
      ++ lib.optionals (nested != { }) (optionAttrSetToDocList nested)
    ) (lib.collect isOption options);
}
