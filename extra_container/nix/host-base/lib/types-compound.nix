# Types made of other types.
{ lib, core }:
let
  inherit (builtins)
    all
    attrNames
    concatLists
    head
    isAttrs
    isList
    length
    mapAttrs
    ;
  inherit (core) mkOptionType defaultFunctor phrase;
  inherit (lib) mergeDefinitions showOption;
  # The functor of a type with one inner type: merging goes through to it.
  wrapping =
    name: constructor: elemType:
    defaultFunctor name
    // {
      type = constructor;
      wrapped = elemType;
    };
  nouns = [
    "noun"
    "composite"
  ];
in
rec {
  addCheck = type: check: type // { check = x: type.check x && check x; };

  listOf =
    elemType:
    mkOptionType {
      name = "listOf";
      description = "list of ${phrase [ "noun" "composite" ] elemType}";
      descriptionClass = "composite";
      check = isList;
      # Members may be wrapped in mkIf: those that vanish leave the list.
      merge =
        loc: defs:
        map (member: member.value) (
          builtins.filter (member: member ? value) (
            concatLists (
              lib.imap1 (
                n: def:
                lib.imap1 (
                  m: value:
                  (mergeDefinitions (loc ++ [ "[definition ${toString n}-entry ${toString m}]" ]) elemType [
                    {
                      inherit (def) file;
                      inherit value;
                    }
                  ]).optionalValue
                ) def.value
              ) defs
            )
          )
        );
      emptyValue.value = [ ];
      getSubOptions = prefix: elemType.getSubOptions (prefix ++ [ "*" ]);
      inherit (elemType) getSubModules;
      substSubModules = modules: listOf (elemType.substSubModules modules);
      functor = wrapping "listOf" listOf elemType;
      nestedTypes.elemType = elemType;
    };
  nonEmptyListOf =
    elemType:
    let
      list = addCheck (listOf elemType) (x: x != [ ]);
    in
    list
    // {
      description = "non-empty ${phrase [ "noun" ] list}";
      emptyValue = { };
      substSubModules = modules: nonEmptyListOf (elemType.substSubModules modules);
    };

  attrsOf = elemType: attrsWith { inherit elemType; };
  # Names are known before any condition is evaluated; a member whose definitions all vanish has no value then.
  lazyAttrsOf =
    elemType:
    attrsWith {
      inherit elemType;
      lazy = true;
    };
  attrsWith =
    {
      elemType,
      lazy ? false,
      placeholder ? "name",
    }@args:
    let
      name = if lazy then "lazyAttrsOf" else "attrsOf";
    in
    mkOptionType {
      inherit name;
      description = "${lib.optionalString lazy "lazy "}attribute set of ${phrase nouns elemType}";
      descriptionClass = "composite";
      check = isAttrs;
      merge =
        loc: defs:
        let
          members = builtins.zipAttrsWith (name: mergeDefinitions (loc ++ [ name ]) elemType) (
            map (
              def:
              mapAttrs (_: value: {
                inherit (def) file;
                inherit value;
              }) def.value
            ) (concatLists (map pushed defs))
          );
          pushed = def: map (value: { inherit (def) file; inherit value; }) (lib.pushDownProperties def.value);
        in
        if lazy then
          mapAttrs (_: member: member.optionalValue.value or elemType.emptyValue.value or member.mergedValue) members
        else
          mapAttrs (_: member: member.mergedValue) (lib.filterAttrs (_: member: member.isDefined) members);
      emptyValue.value = { };
      getSubOptions = prefix: elemType.getSubOptions (prefix ++ [ "<${placeholder}>" ]);
      inherit (elemType) getSubModules;
      substSubModules = modules: attrsWith (args // { elemType = elemType.substSubModules modules; });
      functor = wrapping name (inner: attrsWith (args // { elemType = inner; })) elemType;
      nestedTypes.elemType = elemType;
    };
  attrs = mkOptionType {
    name = "attrs";
    description = "attribute set";
    check = isAttrs;
    merge = _: builtins.foldl' (acc: def: acc // def.value) { };
    emptyValue.value = { };
  };

  uniq = unique { message = ""; };
  unique =
    { message }:
    type:
    mkOptionType {
      name = "unique";
      inherit (type) description descriptionClass check getSubOptions getSubModules;
      merge = lib.mergeUniqueOption {
        inherit message;
        inherit (type) merge;
      };
      emptyValue = type.emptyValue;
      substSubModules = modules: uniq (type.substSubModules modules);
      functor = wrapping "unique" (unique { inherit message; }) type;
      nestedTypes.elemType = type;
    };
  nullOr =
    elemType:
    mkOptionType {
      name = "nullOr";
      description = "null or ${phrase [ "noun" "conjunction" ] elemType}";
      descriptionClass = "conjunction";
      check = x: x == null || elemType.check x;
      merge =
        loc: defs:
        let
          nulls = lib.count (def: def.value == null) defs;
        in
        if nulls == length defs then
          null
        else if nulls != 0 then
          throw "The option `${showOption loc}` is defined both null and not null, in ${lib.showFiles (lib.getFiles defs)}."
        else
          elemType.merge loc defs;
      emptyValue.value = null;
      inherit (elemType) getSubOptions getSubModules;
      substSubModules = modules: nullOr (elemType.substSubModules modules);
      functor = wrapping "nullOr" nullOr elemType;
      nestedTypes.elemType = elemType;
    };
  functionTo =
    elemType:
    mkOptionType {
      name = "functionTo";
      description = "function that evaluates to a(n) ${phrase nouns elemType}";
      descriptionClass = "composite";
      check = lib.isFunction;
      merge =
        loc: defs: arg:
        (mergeDefinitions (loc ++ [ "<function body>" ]) elemType (
          map (def: {
            inherit (def) file;
            value = def.value arg;
          }) defs
        )).mergedValue;
      getSubOptions = prefix: elemType.getSubOptions (prefix ++ [ "<function body>" ]);
      inherit (elemType) getSubModules;
      substSubModules = modules: functionTo (elemType.substSubModules modules);
      functor = wrapping "functionTo" functionTo elemType;
    };
  enum =
    values:
    let
      show =
        value:
        if builtins.isString value then
          ''"${value}"''
        else if builtins.isInt value then
          toString value
        else if builtins.isBool value then
          lib.boolToString value
        else
          "<${builtins.typeOf value}>";
    in
    mkOptionType {
      name = "enum";
      description =
        if values == [ ] then
          "impossible (empty enum)"
        else if length values == 1 then
          "value ${show (head values)} (singular enum)"
        else
          "one of ${lib.concatMapStringsSep ", " show values}";
      descriptionClass = if length values < 2 then "noun" else "conjunction";
      check = x: builtins.elem x values;
      merge = lib.mergeEqualOption;
      functor = defaultFunctor "enum" // {
        type = payload: enum payload.values;
        payload = { inherit values; };
        binOp = a: b: { values = lib.unique (a.values ++ b.values); };
      };
    };
  either =
    left: right:
    mkOptionType {
      name = "either";
      description = "${phrase [ "noun" "conjunction" ] left} or ${phrase [ "noun" "conjunction" "composite" ] right}";
      descriptionClass = "conjunction";
      check = x: left.check x || right.check x;
      merge =
        loc: defs:
        let
          allAre = type: all (def: type.check def.value) defs;
        in
        if allAre left then
          left.merge loc defs
        else if allAre right then
          right.merge loc defs
        else
          lib.mergeOneOption loc defs;
      typeMerge =
        functor:
        let
          mergedLeft = left.typeMerge (builtins.elemAt functor.wrapped 0).functor;
          mergedRight = right.typeMerge (builtins.elemAt functor.wrapped 1).functor;
        in
        if functor.name == "either" && mergedLeft != null && mergedRight != null then either mergedLeft mergedRight else null;
      functor = defaultFunctor "either" // {
        wrapped = [
          left
          right
        ];
      };
      nestedTypes = { inherit left right; };
    };
  oneOf =
    types:
    if types == [ ] then
      throw "types.oneOf needs to get at least one type in its argument"
    else
      builtins.foldl' either (head types) (builtins.tail types);
  coercedTo =
    from: coerce: to:
    assert lib.assertMsg (from.getSubModules == null) "coercedTo: coercedType must not have submodules (it’s a ${from.description})";
    mkOptionType {
      name = "coercedTo";
      description = "${phrase nouns to} or ${phrase nouns from} convertible to it";
      check = x: (from.check x && to.check (coerce x)) || to.check x;
      merge =
        loc: defs: to.merge loc (map (def: def // { value = if from.check def.value then coerce def.value else def.value; }) defs);
      inherit (to) emptyValue getSubOptions getSubModules;
      substSubModules = modules: coercedTo from coerce (to.substSubModules modules);
      typeMerge = _: null;
      functor = defaultFunctor "coercedTo";
      nestedTypes = {
        coercedType = from;
        finalType = to;
      };
    };
  attrTag =
    tags:
    mkOptionType {
      name = "attrTag";
      description = "attribute-tagged union";
      check = x: isAttrs x && length (attrNames x) == 1 && tags ? ${head (attrNames x)};
      merge =
        loc: defs:
        let
          choice = head (attrNames (head defs).value);
        in
        if all (def: attrNames def.value == [ choice ]) defs then
          {
            ${choice} =
              (mergeDefinitions (loc ++ [ choice ]) tags.${choice}.type (
                map (def: def // { value = def.value.${choice}; }) defs
              )).mergedValue;
          }
        else
          throw "The option `${showOption loc}' is defined with conflicting tags, in ${lib.showFiles (lib.getFiles defs)}.";
    };
}
