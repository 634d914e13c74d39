# Paths, the file system, and sources for builds.
{ lib }:
let
  inherit (builtins) isPath isString readDir stringLength substring;
  inherit (lib) concatStringsSep;
  partsOf = text: builtins.filter (part: isString part && part != "" && part != ".") (builtins.split "/+" text);
  # Why a text is no subpath; null if it is one.
  subpathProblem =
    value:
    if !isString value then
      "The given value is of type ${builtins.typeOf value}, but a string was expected"
    else if value == "" then
      "The given string is empty"
    else if substring 0 1 value == "/" then
      "The given string \"${value}\" starts with a `/`, representing an absolute path"
    else if builtins.elem ".." (builtins.split "/+" value) then
      "The given string \"${value}\" contains a `..` component, which is not allowed in subpaths"
    else
      null;
  checkSubpath =
    name: value:
    let
      problem = subpathProblem value;
    in
    if problem == null then value else throw "${name}: Argument is not a valid subpath string:\n    ${problem}";
  checkPath =
    name: value:
    if isPath value then value else throw "${name}: The given value is of type ${builtins.typeOf value}, but a path was expected";
  joined = parts: "./" + (if parts == [ ] then "." else concatStringsSep "/" parts);
  componentsOf = path: partsOf (toString path);
  isPrefixList = a: b: lib.take (builtins.length a) b == a;
  entries = dir: readDir dir;
  kindOf =
    path:
    builtins.readFileType or (path: if path == /. then "directory" else (readDir (dirOf path)).${baseNameOf path}) path;
in
rec {
  path = {
    append = base: subpath: checkPath "lib.path.append" base + "/${checkSubpath "lib.path.append" subpath}";
    hasPrefix = a: b: isPrefixList (componentsOf (checkPath "lib.path.hasPrefix" a)) (componentsOf (checkPath "lib.path.hasPrefix" b));
    removePrefix =
      a: b:
      let
        long = componentsOf b;
        short = componentsOf a;
      in
      if isPrefixList short long then
        joined (lib.drop (builtins.length short) long)
      else
        throw "lib.path.removePrefix: The first path argument \"${toString a}\" is not a component-wise prefix of the second path argument \"${toString b}\"";
    splitRoot = value: {
      root = /.;
      subpath = joined (componentsOf (checkPath "lib.path.splitRoot" value));
    };
    hasStorePathPrefix = value: lib.hasPrefix "${builtins.storeDir}/" (toString value) && builtins.match "[0-9a-z]{32}-.*" (builtins.head (lib.drop (builtins.length (partsOf builtins.storeDir)) (componentsOf value))) != null;
    subpath = {
      isValid = value: subpathProblem value == null;
      normalise = value: joined (partsOf (checkSubpath "lib.path.subpath.normalise" value));
      components = value: partsOf (checkSubpath "lib.path.subpath.components" value);
      join = values: joined (lib.concatMap (value: partsOf (checkSubpath "lib.path.subpath.join" value)) values);
    };
  };

  inherit (builtins) hashFile placeholder toFile unsafeDiscardOutputDependency;
  readFileType = kindOf;
  pathType = value: if builtins.pathExists value then kindOf value else throw "lib.filesystem.pathType: Path ${toString value} does not exist.";
  pathIsDirectory = value: builtins.pathExists value && kindOf value == "directory";
  pathIsRegularFile = value: builtins.pathExists value && kindOf value == "regular";
  listFilesRecursive =
    dir:
    lib.concatLists (
      lib.mapAttrsToList (
        name: kind: if kind == "directory" then listFilesRecursive (dir + "/${name}") else [ (dir + "/${name}") ]
      ) (entries dir)
    );
  locateDominatingFile =
    pattern: file:
    let
      go =
        dir:
        let
          matches = builtins.filter (found: found != null) (map (builtins.match pattern) (builtins.attrNames (entries dir)));
        in
        if matches != [ ] then
          { path = dir; inherit matches; }
        else if dir == /. then
          null
        else
          go (dirOf dir);
    in
    go (if pathIsDirectory file then file else dirOf file);
  packagesFromDirectoryRecursive =
    { callPackage, directory, ... }@args:
    if builtins.pathExists (directory + "/package.nix") then
      callPackage (directory + "/package.nix") { }
    else
      lib.concatMapAttrs (
        name: kind:
        if kind == "directory" then
          { ${name} = packagesFromDirectoryRecursive (args // { directory = directory + "/${name}"; }); }
        else if lib.hasSuffix ".nix" name then
          { ${lib.removeSuffix ".nix" name} = callPackage (directory + "/${name}") { }; }
        else
          { }
      ) (entries directory);
  filesystem = {
    inherit
      pathType
      pathIsDirectory
      pathIsRegularFile
      listFilesRecursive
      locateDominatingFile
      packagesFromDirectoryRecursive
      ;
    inherit (builtins) baseNameOf dirOf hashFile isPath readDir;
    readFileType = kindOf;
  };

  pathHasContext = builtins.hasContext;
  canCleanSource = src: src ? _isLibCleanSourceWith || !(isString src && builtins.hasContext src);
  sourceByRegex =
    src: patterns:
    let
      root = toString (src.origSrc or src);
    in
    lib.cleanSourceWith {
      inherit src;
      filter =
        name: _:
        builtins.any (pattern: builtins.match pattern (lib.removePrefix "${root}/" (toString name)) != null) patterns;
    };
  sourceFilesBySuffices =
    src: suffixes:
    lib.cleanSourceWith {
      inherit src;
      filter = name: kind: kind == "directory" || builtins.any (suffix: lib.hasSuffix suffix (baseNameOf name)) suffixes;
    };
  pathIsGitRepo = value: builtins.pathExists (value + "/HEAD") || builtins.pathExists (value + "/.git");
  sources = {
    inherit
      pathHasContext
      canCleanSource
      sourceByRegex
      sourceFilesBySuffices
      pathIsGitRepo
      pathIsDirectory
      pathIsRegularFile
      pathType
      ;
    inherit (lib) cleanSource cleanSourceFilter cleanSourceWith;
    trace = src: src;
  };
}
