# Values in the notations of programs, for lib.generators.
{ lib }:
let
  inherit (builtins) isAttrs isBool isFloat isInt isList isString toJSON;
  inherit (lib) concatMapStringsSep concatStringsSep mapAttrsToList;
  generators = lib.generators;
in
{
  toINIWithGlobalSection =
    options:
    {
      globalSection,
      sections ? { },
    }:
    (
      if globalSection == { } then
        ""
      else
        generators.toKeyValue (builtins.intersectAttrs { mkKeyValue = null; listsAsDuplicateKeys = null; } options) globalSection + "\n"
    )
    + generators.toINI options sections;

  # Sections within sections, as git writes them: [a "b"].
  toGitINI =
    set:
    let
      sectionName =
        path:
        let
          quoted = "${lib.head path} \"${concatStringsSep "." (map (lib.replaceStrings [ "\\" "\"" ] [ "\\\\" "\\\"" ]) (lib.tail path))}\"";
        in
        if lib.length path == 1 then lib.head path else quoted;
      keyValue =
        key: value:
        let
          quoted = "\"${lib.replaceStrings [ "\\" "\"" "\n" "\t" "\r" ] [ "\\\\" "\\\"" "\\n" "\\t" "\\r" ] value}\"";
        in
        "\t${key} = ${if isString value then quoted else generators.mkValueStringDefault { } value}";
      sectionsOf =
        path: section:
        let
          values = lib.filterAttrs (_: value: !isAttrs value) section;
          inner = lib.filterAttrs (_: isAttrs) section;
        in
        lib.optional (values != { }) (lib.nameValuePair (sectionName path) values)
        ++ lib.concatLists (mapAttrsToList (name: sectionsOf (path ++ [ name ])) inner);
      all = lib.sort (a: b: a.name < b.name) (lib.concatLists (mapAttrsToList (name: sectionsOf [ name ]) set));
      linesOf = key: value: map (item: keyValue key item) (if isList value then value else [ value ]);
    in
    concatMapStringsSep "\n" (
      section: "[${section.name}]\n" + lib.concatMapStrings (line: line + "\n") (lib.concatLists (mapAttrsToList linesOf section.value))
    ) all;

  mkLuaInline = expr: {
    _type = "lua-inline";
    inherit expr;
  };
  toLua =
    {
      multiline ? true,
      indent ? "",
      asBindings ? false,
    }@options:
    value:
    let
      inner = options // {
        indent = indent + "  ";
        asBindings = false;
      };
      break = if multiline then "\n${inner.indent}" else " ";
      close = if multiline then "\n${indent}" else " ";
      go = lib.generators.toLua inner;
      binding = name: item: if builtins.match "[a-zA-Z_][a-zA-Z0-9_]*(\\.[a-zA-Z_][a-zA-Z0-9_]*)*" name == null then throw "generators.toLua: ${toJSON name} is no name of a variable" else "${indent}${name} = ${lib.generators.toLua (options // { asBindings = false; }) item}\n";
    in
    if asBindings then
      lib.concatStrings (mapAttrsToList binding value)
    else if value == null then
      "nil"
    else if isInt value || isFloat value || isString value || isBool value then
      toJSON value
    else if lib.isPath value || lib.isDerivation value then
      toJSON "${value}"
    else if isList value then
      if value == [ ] then "{}" else "{${break}${concatMapStringsSep ",${break}" go value}${close}}"
    else if value._type or null == "lua-inline" then
      "(${value.expr})"
    else if isAttrs value then
      if value == { } then "{}" else "{${break}${concatStringsSep ",${break}" (mapAttrsToList (name: item: "[${toJSON name}] = ${go item}") value)}${close}}"
    else
      throw "generators.toLua: type ${builtins.typeOf value} is unsupported";

  toPlist =
    {
      escape ? false,
    }:
    value:
    let
      text = if escape then lib.escapeXML else lib.id;
      pair = indent: name: item: "${indent}\t<key>${text name}</key>\n${element "${indent}\t" item}";
      element =
        indent: item:
        if item == null then
          ""
        else if isBool item then
          "${indent}<${lib.boolToString item}/>"
        else if isInt item then
          "${indent}<integer>${toString item}</integer>"
        else if isFloat item then
          "${indent}<real>${lib.strings.floatToString item}</real>"
        else if isString item || lib.isPath item || lib.isDerivation item then
          "${indent}<string>${text "${item}"}</string>"
        else if isList item then
          "${indent}<array>\n${concatMapStringsSep "\n" (element "${indent}\t") item}\n${indent}</array>"
        else
          "${indent}<dict>\n${concatStringsSep "\n" (mapAttrsToList (pair indent) (lib.filterAttrs (_: part: part != null) item))}\n${indent}</dict>";
    in
    ''
      <?xml version="1.0" encoding="UTF-8"?>
      <!DOCTYPE plist PUBLIC "-//Apple Computer//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
      <plist version="1.0">
      ${element "" value}
      </plist>'';

  toDhall =
    _: value:
    let
      go =
        item:
        if isAttrs item then
          "{ ${concatStringsSep ", " (mapAttrsToList (name: part: "${name} = ${go part}") item)} }"
        else if isList item then
          "[ ${concatMapStringsSep ", " go item} ]"
        else if isInt item then
          "${lib.optionalString (item >= 0) "+"}${toString item}"
        else if isBool item then
          if item then "True" else "False"
        else
          toJSON item;
    in
    go value;
}
