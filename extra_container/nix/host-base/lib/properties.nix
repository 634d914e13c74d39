# Conditions, priorities and order that a definition can be wrapped in, and how they are resolved.
{ lib }:
let
  inherit (builtins)
    concatLists
    concatMap
    elem
    filter
    isAttrs
    mapAttrs
    ;
in
rec {
  mkIf = condition: content: {
    _type = "if";
    inherit condition content;
  };
  mkMerge = contents: {
    _type = "merge";
    inherit contents;
  };
  mkOverride = priority: content: {
    _type = "override";
    inherit priority content;
  };
  mkDefinition = args: args // { _type = "definition"; };
  mkAssert = ok: message: mkIf (if ok then true else throw "\nFailed assertion: ${message}");

  # Smaller wins. 100 is a plain definition; an option's own default is weakest.
  defaultOverridePriority = 100;
  mkOptionDefault = mkOverride 1500;
  mkDefault = mkOverride 1000;
  mkImageMediaOverride = mkOverride 60;
  mkForce = mkOverride 50;
  mkVMOverride = mkOverride 10;

  mkOrder = priority: content: {
    _type = "order";
    inherit priority content;
  };
  defaultOrderPriority = 1000;
  mkBefore = mkOrder 500;
  mkAfter = mkOrder 1500;

  # Moves properties of a whole set to its members, without forcing conditions.
  pushDownProperties =
    value:
    if !(isAttrs value && value ? _type) then
      [ value ]
    else if value._type == "merge" then
      concatMap pushDownProperties value.contents
    else if value._type == "if" then
      map (mapAttrs (_: mkIf value.condition)) (pushDownProperties value.content)
    else if value._type == "override" then
      map (mapAttrs (_: mkOverride value.priority)) (pushDownProperties value.content)
    else
      [ value ];

  # The definitions that remain of one: none if a condition is false, several for a merge.
  dischargeProperties =
    value:
    if !(isAttrs value && value ? _type) then
      [ value ]
    else if value._type == "merge" then
      concatMap dischargeProperties value.contents
    else if value._type == "if" then
      if !(builtins.isBool value.condition) then
        throw "‘mkIf’ called with a non-Boolean condition"
      else if value.condition then
        dischargeProperties value.content
      else
        [ ]
    else
      [ value ];

  priorityOf = def: if def.value._type or "" == "override" then def.value.priority else defaultOverridePriority;
  filterOverrides = defs: (filterOverrides' defs).values;
  filterOverrides' =
    defs:
    let
      highestPrio = builtins.foldl' (best: def: lib.min best (priorityOf def)) 9999 defs;
      strip = def: if def.value._type or "" == "override" then def // { value = def.value.content; } else def;
    in
    {
      inherit highestPrio;
      values = concatMap (def: if priorityOf def == highestPrio then [ (strip def) ] else [ ]) defs;
    };
  sortProperties =
    defs:
    let
      strip =
        def:
        if def.value._type or "" == "order" then
          def
          // {
            value = def.value.content;
            inherit (def.value) priority;
          }
        else
          def;
      rank = def: def.priority or defaultOrderPriority;
    in
    builtins.sort (a: b: rank a < rank b) (map strip defs);

  # One value from all definitions of an option (or of one member of a compound type).
  mergeDefinitions = loc: type: defs: rec {
    defsFinal' =
      let
        discharged = concatMap (
          def:
          map (
            value:
            if value._type or "" == "definition" then
              value
            else
              {
                inherit (def) file;
                inherit value;
              }
          ) (dischargeProperties def.value)
        ) defs;
        filtered = filterOverrides' discharged;
      in
      {
        values =
          if builtins.any (def: def.value._type or "" == "order") filtered.values then
            sortProperties filtered.values
          else
            filtered.values;
        inherit (filtered) highestPrio;
      };
    defsFinal = defsFinal'.values;
    isDefined = defsFinal != [ ];
    mergedValue =
      if isDefined then
        let
          wrong = filter (def: !type.check def.value) defsFinal;
        in
        if wrong == [ ] then
          type.merge loc defsFinal
        else
          throw "A definition for option `${lib.showOption loc}' is not of type `${type.description}'. Definition values:${lib.showDefs wrong}"
      else if type.emptyValue ? value then
        type.emptyValue.value
      else
        throw "The option `${lib.showOption loc}' was accessed but has no value defined. Try setting the option.";
    optionalValue = lib.optionalAttrs isDefined { value = mergedValue; };
  };
}
