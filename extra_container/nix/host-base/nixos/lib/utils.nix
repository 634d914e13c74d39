# The `utils` module argument: names that are safe in units and paths.
{ lib }:
rec {
  # `container@a:b` names a unit; store names must do without these characters.
  pathSafeName = lib.replaceStrings [ "@" ":" "\\" "[" "]" ] [ "-" "-" "-" "" "" ];
  shellSafeName = lib.replaceStrings [ "@" ":" "\\" "[" "]" ] [ "_" "_" "_" "_" "_" ];
  escapeSystemdPath =
    path:
    let
      trimmed = lib.removePrefix "/" (lib.removeSuffix "/" (toString path));
      escaped = lib.replaceStrings [ "-" " " ] [ "\\x2d" "\\x20" ] trimmed;
    in
    if trimmed == "" then "-" else lib.replaceStrings [ "/" ] [ "-" ] escaped;
  # One word of an Exec line: neither specifiers nor variables are expanded in it.
  escapeSystemdExecArg = arg: lib.replaceStrings [ "%" "$" ] [ "%%" "$$" ] (builtins.toJSON (toString arg));
  escapeSystemdExecArgs = lib.concatMapStringsSep " " escapeSystemdExecArg;
}
