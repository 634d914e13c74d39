# The library of nixpkgs, changed in one place: the type of `containers.NAME.config`.
#
# nixpkgs hands a container's definitions on without the files that they come from, so that messages about everything inside of a
# container would name nixpkgs' own file.
{ lib }:

let
  # The definition as it was but for its file. A wrapper that imports it would change the order of definitions.
  addFile =
    file: value:
    if builtins.isFunction value then
      if lib ? setFunctionArgs then
        lib.setFunctionArgs (arguments: addFile file (value arguments)) (builtins.functionArgs value)
      else
        value
    else if !builtins.isAttrs value || value ? __functor then
      value
    else if value ? _type then
      {
        _file = file;
        config = value;
      }
    else
      value // { _file = value._file or file; };
in
lib
// {
  mkOptionType =
    type:
    lib.mkOptionType (
      if type.name == "Toplevel NixOS config" then
        type
        // {
          merge =
            loc: definitions:
            type.merge loc (
              map (definition: definition // { value = addFile definition.file definition.value; }) definitions
            );
        }
      else
        type
    );
}
