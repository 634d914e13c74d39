# Lists.
{ lib }:
let
  inherit (builtins)
    concatLists
    concatMap
    elem
    elemAt
    filter
    genList
    head
    isList
    length
    sort
    tail
    ;
in
rec {
  inherit (builtins)
    all
    any
    concatLists
    concatMap
    elem
    elemAt
    filter
    foldl'
    genericClosure
    genList
    groupBy
    head
    isList
    length
    map
    partition
    sort
    tail
    ;

  singleton = x: [ x ];
  optional = condition: x: if condition then [ x ] else [ ];
  optionals = condition: list: if condition then list else [ ];
  toList = x: if isList x then x else [ x ];
  flatten = x: if isList x then concatMap flatten x else [ x ];
  forEach = list: f: map f list;
  foldr =
    f: init: list:
    let
      count = length list;
      go = i: if i == count then init else f (elemAt list i) (go (i + 1));
    in
    go 0;
  fold = foldr;
  foldl =
    f: init: list:
    let
      go = i: if i == -1 then init else f (go (i - 1)) (elemAt list i);
    in
    go (length list - 1);
  imap0 = f: list: genList (i: f i (elemAt list i)) (length list);
  imap1 = f: list: genList (i: f (i + 1) (elemAt list i)) (length list);
  ifilter0 = keep: list: concatLists (imap0 (i: x: optional (keep i x) x) list);
  remove = x: filter (y: y != x);
  findFirst =
    wanted: fallback: list:
    let
      found = filter wanted list;
    in
    if found == [ ] then fallback else head found;
  findFirstIndex =
    wanted: fallback: list:
    let
      found = filter (i: wanted (elemAt list i)) (genList lib.id (length list));
    in
    if found == [ ] then fallback else head found;
  findSingle =
    wanted: none: many: list:
    let
      found = filter wanted list;
    in
    if found == [ ] then
      none
    else if length found == 1 then
      head found
    else
      many;
  count = wanted: list: length (filter wanted list);
  range = first: last: if first > last then [ ] else genList (i: first + i) (last - first + 1);
  replicate = n: x: genList (_: x) n;
  groupBy' =
    f: init: key: list:
    builtins.mapAttrs (_: builtins.foldl' f init) (builtins.groupBy key list);
  zipListsWith =
    f: a: b:
    genList (i: f (elemAt a i) (elemAt b i)) (lib.min (length a) (length b));
  zipLists = zipListsWith (fst: snd: { inherit fst snd; });
  reverseList =
    list:
    let
      count = length list;
    in
    genList (i: elemAt list (count - i - 1)) count;
  compareLists =
    cmp: a: b:
    if a == [ ] then
      (if b == [ ] then 0 else -1)
    else if b == [ ] then
      1
    else
      let
        first = cmp (head a) (head b);
      in
      if first == 0 then compareLists cmp (tail a) (tail b) else first;
  naturalSort =
    let
      key = x: map (part: if isList part then lib.toIntBase10 (head part) else part) (builtins.split "([0-9]+)" x);
      cmp =
        a: b:
        if builtins.isString a == builtins.isString b then
          lib.compare a b
        else
          (if builtins.isString a then 1 else -1);
    in
    list: map (x: x.value) (sort (a: b: compareLists cmp a.key b.key < 0) (map (value: { inherit value; key = key value; }) list));
  sortOn =
    f: list: map (x: x.value) (sort (a: b: a.key < b.key) (map (value: { inherit value; key = f value; }) list));
  take = n: sublist 0 n;
  takeEnd = n: list: drop (lib.max 0 (length list - n)) list;
  drop = n: list: sublist n (length list) list;
  dropEnd = n: list: take (length list - n) list;
  sublist =
    start: wanted: list:
    let
      available = length list - start;
    in
    genList (i: elemAt list (start + i)) (lib.max 0 (lib.min wanted available));
  hasPrefixList = prefix: list: take (length prefix) list == prefix;
  commonPrefix =
    a: b:
    let
      pairs = zipLists a b;
      differs = findFirstIndex (pair: pair.fst != pair.snd) (length pairs) pairs;
    in
    take differs a;
  removePrefixList =
    prefix: list:
    if hasPrefixList prefix list then
      drop (length prefix) list
    else
      throw "lib.lists.removePrefix: First argument is not a list prefix of the second argument";
  last = list: assert lib.assertMsg (list != [ ]) "lists.last: list must not be empty!"; elemAt list (length list - 1);
  init =
    list: assert lib.assertMsg (list != [ ]) "lists.init: list must not be empty!"; take (length list - 1) list;
  unique = builtins.foldl' (acc: x: if elem x acc then acc else acc ++ [ x ]) [ ];
  uniqueStrings = list: builtins.attrNames (builtins.groupBy lib.id list);
  allUnique = list: length (unique list) == length list;
  intersectLists = keep: filter (x: elem x keep);
  subtractLists = gone: filter (x: !(elem x gone));
  mutuallyExclusive = a: b: length a == 0 || !(any (x: elem x a) b);
  concatAttrValues = set: concatLists (builtins.attrValues set);
  replaceElemAt =
    list: index: value:
    imap0 (i: old: if i == index then value else old) list;
  crossLists = f: lists: map (args: builtins.foldl' (g: x: g x) f args) (cross lists);
  cross = builtins.foldl' (acc: xs: concatMap (prefix: map (x: prefix ++ [ x ]) xs) acc) [ [ ] ];

  # Depth-first order in which `before a b` puts a first; the caller learns of a cycle instead of an endless recursion.
  toposort =
    before: list:
    let
      go =
        done: rest:
        if rest == [ ] then
          { result = done; }
        else
          let
            free = filter (x: !(any (y: y != x && before y x) rest)) rest;
          in
          if free == [ ] then
            {
              cycle = rest;
              loops = rest;
            }
          else
            go (done ++ [ (head free) ]) (remove (head free) rest);
    in
    go [ ] list;
}
