# Strings looked at character by character, and number texts.
{ lib }:
let
  inherit (builtins) isString stringLength substring;
  inherit (lib) concatStrings stringToCharacters;
in
rec {
  inherit (builtins) appendContext parseDrvName;
  charToInt = lib.charCode;
  commonPrefixLength =
    a: b:
    let
      length = lib.min (stringLength a) (stringLength b);
      go = n: if n < length && substring n 1 a == substring n 1 b then go (n + 1) else n;
    in
    go 0;
  commonSuffixLength =
    a: b:
    let
      reversed = text: concatStrings (lib.reverseList (stringToCharacters text));
    in
    commonPrefixLength (reversed a) (reversed b);
  # One slash for several.
  normalizePath =
    path: concatStrings (map (part: if isString part then part else "/") (builtins.split "/+" path));
  # Words, and humps of a word, become one word with a capital for each but the first.
  toCamelCase =
    text:
    let
      words = builtins.filter (part: isString part && part != "") (builtins.split "[ _.-]+" text);
      first = lib.head words;
    in
    if words == [ ] then
      ""
    else
      lib.toLower (substring 0 1 first) + substring 1 (-1) first + concatStrings (map capitalised (lib.tail words));
  capitalised = word: lib.toUpper (substring 0 1 word) + substring 1 (-1) word;
  floatToString =
    value:
    let
      text = toString value;
    in
    if builtins.fromJSON text == value then text else builtins.trace "floatToString: ${text} is less precise than the number" text;
  replaceChars = builtins.replaceStrings;
  readPathsFromFile =
    root: file:
    map (line: root + "/${line}") (
      builtins.filter (line: line != "" && !lib.hasPrefix "#" line) (lib.splitString "\n" (lib.fileContents file))
    );

  hexadecimal = lib.listToAttrs (lib.imap0 (index: digit: lib.nameValuePair digit index) (stringToCharacters "0123456789abcdef"));
  fromHexString =
    text:
    lib.foldl' (sum: digit: sum * 16 + hexadecimal.${lib.toLower digit}) 0 (
      stringToCharacters (lib.removePrefix "0x" text)
    );
}
