# From what the user gave to one NixOS module.
#
# definition, definitionFile: exactly one of the two is not null. `definition` is a value (a module), `definitionFile` the
#   absolute path, as a string, of a file or of a directory with default.nix.
# attrPath: list of attribute names that leads from the definition to the module.
# label: what messages call a definition that has no file.
#
# Result: { module, nixpkgsPath }; nixpkgsPath is null unless the definition pins one.
{
  definition,
  definitionFile,
  attrPath,
  label,
}:

let
  hasFile = definitionFile != null;

  # A path value, not a string: Nix resolves a directory to its default.nix, and messages show the file.
  path = /. + definitionFile;

  root =
    if hasFile && definition != null then
      throw "both a definition and a definition file were given; give one"
    else if hasFile then
      import path
    else if definition != null then
      definition
    else
      throw "no definition was given";

  shownName = name: if builtins.match "[a-zA-Z_][a-zA-Z0-9_'-]*" name == null then builtins.toJSON name else name;
  shownPath = names: builtins.concatStringsSep "." (map shownName names);

  take = n: builtins.genList (builtins.elemAt attrPath) n;

  select =
    n:
    if n == 0 then
      root
    else
      let
        parent = select (n - 1);
        name = builtins.elemAt attrPath (n - 1);
      in
      if !builtins.isAttrs parent then
        throw "attribute '${shownPath attrPath}' is not in ${where}, because ${
          if n == 1 then "it" else "'${shownPath (take (n - 1))}'"
        } is of type ${builtins.typeOf parent}"
      else if !builtins.hasAttr name parent then
        throw "attribute '${shownPath (take n)}' is not in ${where}"
      else
        builtins.getAttr name parent;

  where = if hasFile then definitionFile else label;

  selected = select (builtins.length attrPath);

  isFile = value: builtins.isPath value || builtins.isString value && builtins.substring 0 1 value == "/";
  isModule = value: builtins.isAttrs value || builtins.isFunction value || isFile value;

  pinned = builtins.isAttrs selected && selected ? nixpkgsPath;
in
if !isModule selected then
  throw "${where} is of type ${builtins.typeOf selected}; a definition is an attribute set or a function that sets containers.NAME"
else
  {
    nixpkgsPath = if pinned then selected.nixpkgsPath else null;

    module =
      if hasFile && attrPath == [ ] && !pinned then
        path
      else
        {
          _file = where;
          key = where;
          imports = [ (if pinned then removeAttrs selected [ "nixpkgsPath" ] else selected) ];
        };
  }
