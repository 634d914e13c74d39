# From the `config` of a module to a part of it.
#
# kept: list of paths, each a list of attribute names.
# Result: a function over `config`, which is a tree of mkMerge and mkIf with attribute sets as leaves. Only what is kept is ever
# looked at, so that the rest may name options that do not exist.
{ lib, kept }:

let
  pick =
    definitions:
    lib.foldl lib.recursiveUpdate { } (
      map (
        path:
        lib.optionalAttrs (lib.hasAttrByPath path definitions) (
          lib.setAttrByPath path (lib.attrByPath path null definitions)
        )
      ) kept
    );

  reduce =
    definitions:
    {
      merge = lib.mkMerge (map reduce definitions.contents);
      "if" = lib.mkIf definitions.condition (reduce definitions.content);
      leaf = pick definitions;
    }
    .${definitions._type or "leaf"};
in
reduce
