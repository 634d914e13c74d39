# Containers of a module under the names of a slot: NAME becomes SLOT-NAME.
{ lib, slot }:

let
  start = "${slot}-";

  machine = lib.removePrefix start;

  # mkIf, mkMerge, mkOverride and mkOrder stand around values of an option.
  within =
    change: value:
    let
      kind = value._type or "";
    in
    if !builtins.isAttrs value then
      value
    else if kind == "merge" then
      value // { contents = map (within change) value.contents; }
    else if kind == "if" || kind == "override" || kind == "order" then
      value // { content = within change value.content; }
    else
      change value;

  containers =
    keep:
    within (
      named:
      lib.mapAttrs' (name: lib.nameValuePair "${start}${name}") (lib.filterAttrs (name: _: keep name) named)
    );

  settings =
    keep:
    within (
      value: value // lib.optionalAttrs (value ? containers) { containers = containers keep value.containers; }
    );

  # arguments: { keep, back }; keep says which machines are wanted, back is config.containers under the definition's names.
  module =
    arguments: value:
    if builtins.isFunction value || value ? __functor then
      lib.setFunctionArgs (
        given:
        module arguments (
          value (given // lib.optionalAttrs (given ? config) { config = given.config // { containers = arguments.back; }; })
        )
      ) (lib.functionArgs value)
    else if builtins.isPath value || builtins.isString value then
      {
        _file = toString value;
        imports = [ (module arguments (import value)) ];
      }
    else
      let
        inherit (arguments) keep;
        hasConfig = value ? config || value ? options;
        whole = settings keep value // lib.optionalAttrs (value ? imports) {
          imports = map (module arguments) value.imports;
        };
      in
      if hasConfig then
        removeAttrs whole [ "config" ] // { config = settings keep (value.config or { }); }
      else
        whole;
in
{
  inherit machine module;
  back = lib.mapAttrs' (name: lib.nameValuePair (machine name));
}
