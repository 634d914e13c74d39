# Attribute sets.
{ lib }:
let
  inherit (builtins)
    attrNames
    concatLists
    concatMap
    elem
    filter
    head
    isAttrs
    length
    listToAttrs
    tail
    ;
in
rec {
  inherit (builtins)
    attrNames
    attrValues
    catAttrs
    getAttr
    hasAttr
    intersectAttrs
    isAttrs
    listToAttrs
    mapAttrs
    removeAttrs
    zipAttrsWith
    ;

  nameValuePair = name: value: { inherit name value; };
  singletonAttr = name: value: { ${name} = value; };
  maybeAttr =
    name: fallback: set:
    set.${name} or fallback;
  optionalAttrs = condition: set: if condition then set else { };

  attrByPath =
    path: fallback: set:
    if path == [ ] then
      set
    else if isAttrs set && set ? ${head path} then
      attrByPath (tail path) fallback set.${head path}
    else
      fallback;
  hasAttrByPath =
    path: set:
    path == [ ] || (isAttrs set && set ? ${head path} && hasAttrByPath (tail path) set.${head path});
  getAttrFromPath =
    path: attrByPath path (abort "cannot find attribute `${lib.concatStringsSep "." path}'");
  setAttrByPath = path: value: lib.foldr singletonAttr value path;
  attrVals = names: set: map (name: set.${name}) names;
  getAttrs = names: set: lib.genAttrs names (name: set.${name});
  genAttrs = names: f: genAttrs' names (name: nameValuePair name (f name));
  genAttrs' = items: f: listToAttrs (map f items);

  filterAttrs = keep: set: removeAttrs set (filter (name: !keep name set.${name}) (attrNames set));
  filterAttrsRecursive =
    keep: set:
    mapAttrs (_: value: if isAttrs value then filterAttrsRecursive keep value else value) (
      filterAttrs keep set
    );
  mapAttrs' = f: set: listToAttrs (mapAttrsToList f set);
  mapAttrsToList = f: set: map (name: f name set.${name}) (attrNames set);
  attrsToList = mapAttrsToList nameValuePair;
  concatMapAttrs = f: set: builtins.foldl' lib.mergeAttrs { } (mapAttrsToList f set);
  mapAttrsRecursive = mapAttrsRecursiveCond (_: true);
  mapAttrsRecursiveCond =
    descend: f:
    let
      walk =
        path:
        mapAttrs (
          name: value:
          if isAttrs value && descend value then
            walk (path ++ [ name ]) value
          else
            f (path ++ [ name ]) value
        );
    in
    walk [ ];
  mapAttrsToListRecursive = mapAttrsToListRecursiveCond (_: _: true);
  mapAttrsToListRecursiveCond =
    descend: f:
    let
      walk =
        path: value:
        if isAttrs value && (path == [ ] || descend path value) then
          concatMap (name: walk (path ++ [ name ]) value.${name}) (attrNames value)
        else
          [ (f path value) ];
    in
    walk [ ];
  collect =
    wanted: set:
    if wanted set then
      [ set ]
    else if isAttrs set then
      concatMap (collect wanted) (attrValues set)
    else
      [ ];
  foldlAttrs =
    f: init: set:
    builtins.foldl' (acc: name: f acc name set.${name}) init (attrNames set);
  foldAttrs =
    f: init: sets:
    mapAttrs (_: values: lib.foldr f init values) (zipAttrs sets);
  attrsetsEqual = a: b: a == b;
  matchAttrs =
    pattern: set:
    lib.all (
      name:
      set ? ${name}
      && (
        if isAttrs pattern.${name} then
          isAttrs set.${name} && matchAttrs pattern.${name} set.${name}
        else
          pattern.${name} == set.${name}
      )
    ) (attrNames pattern);

  zipAttrsWithNames =
    names: f: sets:
    lib.genAttrs names (name: f name (catAttrs name sets));
  zipAttrs = zipAttrsWith (_: values: values);
  mergeAttrsList = builtins.foldl' lib.mergeAttrs { };
  recursiveUpdateUntil =
    stop:
    let
      merge =
        path:
        zipAttrsWith (
          name: values:
          let
            here = path ++ [ name ];
          in
          if length values == 1 then
            head values
          # values are [ rhs lhs ]: the later set wins wherever recursion ends
          else if stop here (builtins.elemAt values 1) (head values) then
            head values
          else
            merge here values
        );
    in
    lhs: rhs: merge [ ] [ rhs lhs ];
  recursiveUpdate = recursiveUpdateUntil (
    _: lhs: rhs:
    !(isAttrs lhs && isAttrs rhs)
  );
  overrideExisting = old: new: mapAttrs (name: value: new.${name} or value) old;
  updateManyAttrsByPath =
    updates: set:
    builtins.foldl' (
      acc: update:
      if update.path == [ ] then
        update.update acc
      else
        recursiveUpdateUntil (path: _: _: path == update.path) acc (
          setAttrByPath update.path (update.update (getAttrFromPath update.path acc))
        )
    ) set updates;
  cartesianProductOfSets = cartesianProduct;
  mapAttrsFlatten = mapAttrsToList;
  zipWithNames = zipAttrsWithNames;
  zip = zipAttrsWith;
  longestValidPathPrefix =
    path: set:
    if path == [ ] || !(isAttrs set && set ? ${head path}) then
      [ ]
    else
      [ (head path) ] ++ longestValidPathPrefix (tail path) set.${head path};
  cartesianProduct =
    sets:
    builtins.foldl' (
      partials: name: concatMap (partial: map (value: partial // { ${name} = value; }) sets.${name}) partials
    ) [ { } ] (attrNames sets);
  mapCartesianProduct = f: sets: map f (cartesianProduct sets);
  showAttrPath = path: if path == [ ] then "<root attribute path>" else lib.concatMapStringsSep "." lib.escapeNixIdentifier path;
  recurseIntoAttrs = set: set // { recurseForDerivations = true; };
  dontRecurseIntoAttrs = set: set // { recurseForDerivations = false; };
  unionOfDisjoint =
    a: b:
    let
      both = intersectAttrs a b;
    in
    if both == { } then a // b else a // b // mapAttrs (name: _: throw "unionOfDisjoint: collision on ${name}") both;
  isDerivation = value: value.type or null == "derivation";
}
