# The `etc` of all containers, from what several processes evaluated: the very derivation that one process makes, without nixpkgs.
{
  # Absolute path of a JSON file: an object with `frame` and `containers` of the shares, see etc.nix.
  evaluated,
}:

let
  given = builtins.fromJSON (builtins.readFile evaluated);
  scripts = map (name: given.containers.${name}) (builtins.attrNames given.containers);
  frame = builtins.fromJSON given.frame.text;

  # Whatever a derivation's texts refer to is an input of it, no matter in which of them it stands.
  script = builtins.foldl' (text: one: builtins.appendContext text one.context) (
    builtins.concatStringsSep "\n" (map (one: one.text) scripts)
  ) ([ given.frame ] ++ scripts);

  complete =
    value:
    if builtins.isString value then
      builtins.replaceStrings [ "@scripts@" ] [ script ] value
    else if builtins.isList value then
      map complete value
    else
      value;
in
{
  etc = derivation (builtins.mapAttrs (_: complete) frame);
}
