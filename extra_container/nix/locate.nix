# Where a definition sets options, for messages about mistakes in it: the module system tells files at best, and of what is inside
# of a container's `config` not even these.
#
# It reads the definition as it is written and evaluates no option, so that it works for a definition that cannot be evaluated.
# What depends on a configuration is passed over.
{
  # The `nixos` folder of the tree.
  nixos,
  # The module with the definition.
  definition,
  # List of option paths, each a list of names as a user writes them: [ "containers" "web" "config" "services" ].
  paths,
  system,
}:

let
  lib = import (nixos + "/../lib");

  unknown = name: throw "${name} is not known where a definition is only read";

  # What modules are called with.
  arguments = {
    inherit lib;
    pkgs = import (nixos + "/..") {
      inherit system;
      config = { };
    };
    modulesPath = toString (nixos + "/modules");
    config = unknown "config";
    options = unknown "options";
  };

  call =
    function: named:
    let
      isMissing = name: !named.${name} && !(arguments ? ${name});
      required = builtins.filter (name: arguments ? ${name} || isMissing name) (builtins.attrNames named);
      given = builtins.listToAttrs (
        map (name: {
          inherit name;
          value = arguments.${name} or (unknown name);
        }) required
      );
    in
    function (if named == { } then arguments else given);

  try =
    value: default:
    let
      tried = builtins.tryEval value;
    in
    if tried.success then tried.value else default;

  list =
    value:
    let
      tried = try value null;
    in
    if builtins.isList tried then tried else [ ];

  isFile = value: builtins.isPath value || builtins.isString value && builtins.substring 0 1 value == "/";

  # `config` is where a module's definitions are only if nothing else is beside it but what makes a module.
  isStructured =
    set:
    set ? config
    &&
      removeAttrs set [
        "_file"
        "config"
        "disabledModules"
        "imports"
        "key"
        "options"
      ] == { };

  # The attribute sets with definitions that a value is made of. `isModule` is whether it may be a file and have `config` and
  # `imports`; a function is always a module. `budget` ends imports that go round in circles.
  partsOf =
    budget: isModule: given:
    let
      value = try given null;
      again = partsOf (budget - 1);
      kind = try (value._type or "") "";
    in
    if budget == 0 then
      [ ]
    else if builtins.isFunction value then
      again true (call value (builtins.functionArgs value))
    else if isModule && isFile value then
      if builtins.pathExists value then again true (import value) else [ ]
    else if !builtins.isAttrs value then
      [ ]
    else if value ? __functor then
      again true (call (value.__functor value) (value.__functionArgs or { }))
    else if kind == "merge" then
      builtins.concatLists (map (again isModule) (list value.contents))
    else if
      builtins.elem kind [
        "if"
        "order"
        "override"
      ]
    then
      again isModule value.content
    else
      (if isModule && isStructured value then again false value.config else [ value ])
      ++ (
        if isModule && value ? imports then
          builtins.concatLists (map (again true) (list value.imports))
        else
          [ ]
      );

  # The values that a name has in some of the values before it, each with its place.
  step =
    isModule: name: values:
    builtins.concatLists (
      map (
        value:
        map (set: {
          value = set.${name};
          place = builtins.unsafeGetAttrPos name set;
        }) (builtins.filter (set: set ? ${name}) (partsOf 32 isModule value))
      ) values
    );

  search =
    path: depth: values: places:
    let
      isModule = depth == 0 || depth == 3 && builtins.elemAt path 2 == "config";
      found = step isModule (builtins.elemAt path depth) values;
      foundPlaces = builtins.filter (place: place != null) (map (one: one.place) found);
    in
    if depth == builtins.length path || found == [ ] then
      { inherit depth places; }
    else
      search path (depth + 1) (map (one: one.value) found) (if foundPlaces == [ ] then places else foundPlaces);
in
# For each path: how many of its names the definition has, and all the places of the last of these.
map (path: search path 0 [ definition ] [ ]) paths
