# Derivations, their outputs, and functions that can be overridden.
{ lib }:
rec {
  isOutputOf = output: pkg: pkg ? ${output};
  getOutput =
    output: pkg: if !(pkg ? outputSpecified) || !pkg.outputSpecified then pkg.${output} or pkg.out or pkg else pkg;
  getFirstOutput =
    outputs: pkg:
    let
      found = builtins.filter (output: pkg ? ${output}) outputs;
    in
    if pkg.outputSpecified or false || found == [ ] then pkg else pkg.${builtins.head found};
  getBin = getOutput "bin";
  getLib = getOutput "lib";
  getDev = getOutput "dev";
  getMan = getOutput "man";
  getExe =
    pkg:
    getExe' pkg (
      pkg.meta.mainProgram or (throw "getExe: Package ${
        lib.escapeNixString pkg.meta.name or pkg.pname or pkg.name
      } does not have the meta.mainProgram attribute.")
    );
  getExe' = pkg: program: "${getBin pkg}/bin/${program}";
  lowPrio = setPrio 10;
  hiPrio = setPrio (-10);
  setPrio = priority: pkg: pkg // { meta = pkg.meta or { } // { inherit priority; }; };
  addMetaAttrs = attrs: pkg: pkg // { meta = pkg.meta or { } // attrs; };
  toDerivation = path: {
    type = "derivation";
    name = lib.sanitizeDerivationName (builtins.substring 33 (-1) (baseNameOf path));
    outPath = builtins.storePath path;
    outputs = [ "out" ];
    outputName = "out";
  };
  optionalDrvAttr = condition: value: if condition then value else null;
  extendDerivation =
    condition: passthru: drv:
    assert condition;
    drv // passthru;

  makeOverridable =
    f: args:
    let
      result = f args;
      redo = change: makeOverridable f (args // lib.toFunction change args);
    in
    if builtins.isAttrs result then
      result // { override = redo; }
    else if lib.isFunction result then
      lib.setFunctionArgs result (lib.functionArgs result) // { override = redo; }
    else
      result;
  callPackageWith =
    scope: fn: args:
    let
      f = if lib.isFunction fn then fn else import fn;
      wanted = lib.functionArgs f;
      given = builtins.intersectAttrs wanted scope // args;
      missing = builtins.filter (name: !wanted.${name} && !(given ? ${name})) (builtins.attrNames wanted);
    in
    if missing == [ ] then
      makeOverridable f given
    else
      throw "lib.customisation.callPackageWith: Function called without required argument \"${builtins.head missing}\"";

  cleanSourceFilter =
    name: type:
    !(
      builtins.elem (baseNameOf name) [
        ".git"
        ".hg"
        ".svn"
      ]
      || lib.hasSuffix "~" (baseNameOf name)
      || (type == "symlink" && lib.hasPrefix "result" (baseNameOf name))
    );
  cleanSource = src: cleanSourceWith { inherit src; };
  cleanSourceWith =
    {
      src,
      filter ? cleanSourceFilter,
      name ? "source",
    }:
    builtins.path {
      inherit filter name;
      path = src;
    };
}
