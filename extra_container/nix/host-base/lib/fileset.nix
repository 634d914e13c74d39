# Sets of files, for sources that hold just these. A set is kept as the list of its files, as keys of `_files`.
{ lib }:
let
  inherit (builtins) isAttrs isPath;
  isFileset = value: isAttrs value && value._type or null == "fileset";
  make = files: {
    _type = "fileset";
    _files = files;
  };
  below =
    dir:
    lib.concatMapAttrs (
      name: kind:
      let
        file = dir + "/${name}";
      in
      if kind == "directory" then below file else { ${toString file} = kind; }
    ) (builtins.readDir dir);
  # A path stands for the file, or for all files below the directory.
  coerce =
    name: value:
    if isFileset value then
      value._files
    else if !isPath value then
      throw "lib.fileset.${name}: an argument is of type ${builtins.typeOf value}, but should be a file set or a path instead."
    else if !builtins.pathExists value then
      throw "lib.fileset.${name}: ${toString value} is a path that does not exist."
    else if lib.pathIsDirectory value then
      below value
    else
      { ${toString value} = lib.pathType value; };
  parents = file: if file == "/" then [ ] else [ file ] ++ parents (dirOf file);
in
{
  fileset = rec {
    inherit isFileset;
    empty = make { };
    union = a: b: make (coerce "union" a // coerce "union" b);
    unions = list: make (lib.mergeAttrsList (map (coerce "unions") list));
    intersection = a: b: make (builtins.intersectAttrs (coerce "intersection" a) (coerce "intersection" b));
    difference = a: b: make (removeAttrs (coerce "difference" a) (builtins.attrNames (coerce "difference" b)));
    fileFilter =
      keep: dir:
      make (
        lib.filterAttrs (
          file: kind:
          let
            name = baseNameOf file;
          in
          keep {
            inherit name;
            type = kind;
            hasExt = ext: lib.hasSuffix ".${ext}" name;
          }
        ) (coerce "fileFilter" dir)
      );
    maybeMissing = value: if builtins.pathExists value then make (coerce "maybeMissing" value) else empty;
    toList = set: map (file: /. + file) (builtins.attrNames (coerce "toList" set));
    fromSource = src: make (below (/. + toString src));
    toSource =
      { root, fileset }:
      let
        files = coerce "toSource" fileset;
        outside = builtins.filter (file: !lib.hasPrefix "${toString root}/" file) (builtins.attrNames files);
        wanted = lib.genAttrs (lib.concatMap parents (builtins.attrNames files)) (_: true);
      in
      if outside != [ ] then
        throw "lib.fileset.toSource: `fileset` could contain files in ${dirOf (builtins.head outside)}, which is not under the `root` ${toString root}."
      else
        let
          outPath = builtins.path {
            name = "source";
            path = root;
            filter = file: _: wanted ? ${file};
          };
        in
        {
          _isLibCleanSourceWith = true;
          origSrc = root;
          name = "source";
          inherit outPath;
        };
    trace = set: value: builtins.trace (lib.concatStringsSep "\n" (builtins.attrNames (coerce "trace" set))) value;
    traceVal = set: trace set set;
    gitTracked = _: throw "lib.fileset.gitTracked: the built-in host base cannot ask git. Give a nixpkgs with --nixpkgs-path.";
    gitTrackedWith = _: gitTracked;
  };
}
