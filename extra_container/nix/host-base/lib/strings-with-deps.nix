# Snippets of text that name the snippets they must follow.
{ lib }:
rec {
  textClosureList =
    snippets: names:
    let
      visit =
        acc: item:
        if builtins.isAttrs item then
          let
            deps = builtins.foldl' visit acc item.deps;
          in
          deps // { result = deps.result ++ [ item.text ]; }
        else if acc.done ? ${item} then
          acc
        else if !(snippets ? ${item}) then
          throw "the text snippet `${item}' is asked for but not defined"
        else
          let
            started = acc // { done = acc.done // { ${item} = true; }; };
            deps = builtins.foldl' visit started snippets.${item}.deps;
          in
          deps // { result = deps.result ++ [ snippets.${item}.text ]; };
    in
    (builtins.foldl' visit {
      done = { };
      result = [ ];
    } names).result;
  textClosureMap =
    f: snippets: names:
    lib.concatStringsSep "\n" (map f (textClosureList snippets names));
  noDepEntry = text: {
    inherit text;
    deps = [ ];
  };
  fullDepEntry = text: deps: { inherit text deps; };
  packEntry = deps: {
    inherit deps;
    text = "";
  };
  stringAfter = deps: text: { inherit text deps; };
}
