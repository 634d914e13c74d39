# Strings: building, cutting, searching, converting.
{ lib }:
let
  inherit (builtins)
    concatStringsSep
    elemAt
    filter
    genList
    isList
    isString
    length
    replaceStrings
    stringLength
    substring
    ;
in
rec {
  inherit (builtins)
    concatStringsSep
    dirOf
    isString
    match
    replaceStrings
    split
    storeDir
    stringLength
    substring
    unsafeDiscardStringContext
    ;
  baseNameOf = builtins.baseNameOf;
  join = concatStringsSep;
  hasContext = builtins.hasContext;
  getContext = builtins.getContext;
  fromTOML = builtins.fromTOML;
  toXML = builtins.toXML;

  lowerChars = stringToCharacters "abcdefghijklmnopqrstuvwxyz";
  upperChars = stringToCharacters "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  toLower = replaceStrings upperChars lowerChars;
  toUpper = replaceStrings lowerChars upperChars;
  toSentenceCase = s: toUpper (substring 0 1 s) + toLower (substring 1 (stringLength s) s);

  concatStrings = concatStringsSep "";
  concatMapStrings = f: list: concatStrings (map f list);
  concatMapStringsSep =
    sep: f: list:
    concatStringsSep sep (map f list);
  concatImapStrings = f: list: concatStrings (lib.imap1 f list);
  concatImapStringsSep =
    sep: f: list:
    concatStringsSep sep (lib.imap1 f list);
  concatMapAttrsStringSep =
    sep: f: set:
    concatStringsSep sep (lib.mapAttrsToList f set);
  concatLines = concatMapStrings (line: line + "\n");
  intersperse =
    sep: list:
    if length list < 2 then list else lib.tail (lib.concatMap (x: [ sep x ]) list);
  optionalString = condition: s: if condition then s else "";
  replaceString = from: to: replaceStrings [ from ] [ to ];
  stringToCharacters = s: genList (i: substring i 1 s) (stringLength s);
  stringAsChars = f: s: concatMapStrings f (stringToCharacters s);

  hasPrefix = prefix: s: substring 0 (stringLength prefix) s == prefix;
  hasSuffix =
    suffix: s:
    let
      rest = stringLength s - stringLength suffix;
    in
    rest >= 0 && substring rest (stringLength suffix) s == suffix;
  hasInfix = infix: s: builtins.match ".*${escapeRegex infix}.*" "${s}" != null;
  removePrefix = prefix: s: if hasPrefix prefix s then substring (stringLength prefix) (stringLength s) s else s;
  removeSuffix =
    suffix: s: if hasSuffix suffix s then substring 0 (stringLength s - stringLength suffix) s else s;
  # builtins.split drops the context of what it cuts, so it is added again to every piece.
  splitString =
    sep: s: map (addContextFrom s) (filter isString (builtins.split (escapeRegex (toString sep)) (toString s)));
  addContextFrom = source: target: substring 0 0 source + target;
  splitStringBy =
    cut: keep: s:
    let
      chars = stringToCharacters s;
      step =
        acc: char:
        if acc.previous != null && cut acc.previous char then
          {
            done = acc.done ++ [ acc.current ];
            current = if keep then char else "";
            previous = char;
          }
        else
          acc
          // {
            current = acc.current + char;
            previous = char;
          };
      end = builtins.foldl' step {
        done = [ ];
        current = "";
        previous = null;
      } chars;
    in
    end.done ++ [ end.current ];
  trim = trimWith {
    start = true;
    end = true;
  };
  trimWith =
    {
      start ? false,
      end ? false,
    }:
    s:
    let
      white = " \t\r\n";
      pattern =
        if start && end then
          "[${white}]*(.*[^${white}])[${white}]*"
        else if start then
          "[${white}]*(.*)"
        else if end then
          "(.*[^${white}])[${white}]*"
        else
          "(.*)";
      found = builtins.match pattern s;
    in
    optionalString (found != null) (builtins.head found);

  escape = chars: replaceStrings chars (map (c: "\\${c}") chars);
  escapeRegex = escape (stringToCharacters "\\[{()^$?*+|.");
  escapeXML = replaceStrings [ "\"" "'" "<" ">" "&" ] [ "&quot;" "&apos;" "&lt;" "&gt;" "&amp;" ];
  escapeNixString = s: escape [ "$" ] (builtins.toJSON s);
  nixKeywords = [
    "assert"
    "else"
    "if"
    "in"
    "inherit"
    "let"
    "or"
    "rec"
    "then"
    "with"
  ];
  escapeNixIdentifier =
    s:
    if builtins.match "[a-zA-Z_][a-zA-Z0-9_'-]*" s != null && !(builtins.elem s nixKeywords) then
      s
    else
      escapeNixString s;
  escapeC =
    chars:
    let
      code = char: toLower (fixedWidthString 2 "0" (lib.toHexString (charCode char)));
    in
    replaceStrings chars (map (char: "\\x${code char}") chars);
  charCode =
    char:
    let
      printable = " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";
      at = lib.findFirstIndex (c: c == char) null (stringToCharacters printable);
    in
    if at != null then
      at + 32
    else
      { "\t" = 9; "\n" = 10; "\r" = 13; }.${char} or (throw "strings: no code known for the character ${builtins.toJSON char}");
  # RFC 3986's unreserved characters stay as they are.
  escapeURL =
    let
      special = stringToCharacters " !\"#$%&'()*+,/:;<=>?@[\\]^`{|}";
    in
    replaceStrings special (map (char: "%${fixedWidthString 2 "0" (lib.toHexString (charCode char))}") special);

  fixedWidthString =
    width: filler: s:
    let
      missing = width - stringLength s;
    in
    assert lib.assertMsg (missing >= 0)
      "fixedWidthString: requested string length (${toString width}) must not be shorter than actual length (${toString (stringLength s)})";
    if missing == 0 then s else filler + fixedWidthString (width - stringLength filler) filler s;
  fixedWidthNumber = width: number: fixedWidthString width "0" (toString number);
  toInt =
    s:
    let
      found = builtins.match "[[:space:]]*(-?[[:digit:]]+)[[:space:]]*" s;
      ambiguous = builtins.match "[[:space:]]*0[[:digit:]]+[[:space:]]*" s != null;
    in
    if found == null then
      throw "toInt: Could not convert ${escapeNixString s} to int."
    else if ambiguous then
      throw "toInt: Ambiguity in interpretation of ${escapeNixString s} between octal and zero padded integer."
    else
      builtins.fromJSON (builtins.head found);
  toIntBase10 =
    s:
    let
      found = builtins.match "[[:space:]]*0*(-?[[:digit:]]+)[[:space:]]*" s;
    in
    if found == null then
      throw "toIntBase10: Could not convert ${escapeNixString s} to int."
    else
      builtins.fromJSON (builtins.head found);
  versionOlder = a: b: builtins.compareVersions b a == 1;
  versionAtLeast = a: b: !(versionOlder a b);
  getName = x: if isString x then (builtins.parseDrvName x).name else x.pname or (builtins.parseDrvName x.name).name;
  getVersion = x: if isString x then (builtins.parseDrvName x).version else x.version or (builtins.parseDrvName x.name).version;
  nameFromURL = url: sep: builtins.head (splitString sep (lib.last (splitString "/" url)));
  fileContents = path: removeSuffix "\n" (builtins.readFile path);
  isStringLike = x: isString x || builtins.isPath x || x ? outPath || x ? __toString;
  isConvertibleWithToString =
    x:
    isStringLike x
    || builtins.elem (builtins.typeOf x) [
      "null"
      "int"
      "float"
      "bool"
    ]
    || (isList x && builtins.all isConvertibleWithToString x);
  isStorePath =
    x:
    isStringLike x
    && (
      let
        s = toString x;
      in
      substring 0 1 s == "/" && dirOf s == builtins.storeDir
    );
  sanitizeDerivationName =
    s:
    let
      clean = concatMapStrings (part: if isList part then "-" else part) (
        builtins.split "[^[:alnum:]+._?=-]+" (unsafeDiscardStringContext s)
      );
      bare = builtins.head (builtins.match "\\.*(.*)" clean);
    in
    if bare == "" then "unknown" else substring (lib.max (stringLength bare - 207) 0) (-1) bare;

  # Number of single-character edits from one string to the other.
  levenshtein =
    a: b:
    let
      columns = stringLength b;
      step =
        row: char:
        builtins.foldl' (
          acc: j:
          let
            cost = if char == substring j 1 b then 0 else 1;
          in
          acc
          ++ [ (lib.min (lib.min (lib.last acc + 1) (elemAt row (j + 1) + 1)) (elemAt row j + cost)) ]
        ) [ (builtins.head row + 1) ] (genList lib.id columns);
    in
    lib.last (builtins.foldl' step (genList lib.id (columns + 1)) (stringToCharacters a));
  levenshteinAtMost = limit: a: b: levenshtein a b <= limit;
}
