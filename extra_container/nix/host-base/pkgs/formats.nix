# Configuration formats: an option type and a generator each, as `pkgs.formats.NAME { }`.
{ lib, pkgs }:
let
  inherit (lib) types;
  value =
    let
      atom = types.oneOf [
        types.bool
        types.int
        types.float
        types.str
        types.path
      ];
    in
    types.nullOr (
      types.oneOf [
        atom
        (types.lazyAttrsOf value)
        (types.listOf value)
      ]
    )
    // {
      description = "JSON value";
    };
in
{
  json = _: {
    type = value;
    generate = name: data: pkgs.writeText name (builtins.toJSON data);
  };
  yaml = _: {
    type = value;
    generate = name: data: pkgs.writeText name (builtins.toJSON data);
  };
  ini = args: {
    type = types.attrsOf (types.attrsOf types.anything);
    generate = name: data: pkgs.writeText name (lib.generators.toINI args data);
  };
  keyValue = args: {
    type = types.attrsOf types.anything;
    generate = name: data: pkgs.writeText name (lib.generators.toKeyValue args data);
  };
}
