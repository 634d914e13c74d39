# Functions on values, numbers and functions themselves, warnings and fixed points.
{ lib }:
let
  inherit (builtins) isAttrs;
in
rec {
  inherit (builtins)
    add
    bitAnd
    bitOr
    bitXor
    ceil
    compareVersions
    deepSeq
    div
    floor
    fromJSON
    hashString
    isBool
    isFloat
    isInt
    isPath
    genericClosure
    lessThan
    mul
    pathExists
    readDir
    readFile
    seq
    splitVersion
    sub
    toJSON
    toString
    trace
    tryEval
    typeOf
    unsafeGetAttrPos
    ;

  id = x: x;
  const = x: _: x;
  flip =
    f: a: b:
    f b a;
  pipe = builtins.foldl' (value: f: f value);
  concat = a: b: a ++ b;
  and = a: b: a && b;
  "or" = a: b: a || b;
  xor = a: b: a != b;
  bitNot = builtins.sub (-1);
  mod = base: int: base - (int * (builtins.div base int));
  min = a: b: if a < b then a else b;
  max = a: b: if a > b then a else b;
  compare =
    a: b:
    if a < b then
      -1
    else if a > b then
      1
    else
      0;
  splitByAndCompare =
    p: yes: no: a: b:
    if p a then
      (if p b then yes a b else -1)
    else
      (if p b then 1 else no a b);
  boolToString = b: if b then "true" else "false";
  boolToYesNo = b: if b then "yes" else "no";
  mergeAttrs = a: b: a // b;
  mapNullable = f: value: if value == null then null else f value;
  defaultTo = fallback: value: if value == null then fallback else value;

  toFunction = value: if isFunction value then value else _: value;
  isFunction = f: builtins.isFunction f || (isAttrs f && f ? __functor && isFunction (f.__functor f));
  functionArgs =
    f:
    if isAttrs f && f ? __functor then
      f.__functionArgs or (functionArgs (f.__functor f))
    else
      builtins.functionArgs f;
  setFunctionArgs = f: args: {
    __functor = _: f;
    __functionArgs = args;
  };
  mirrorFunctionArgs = source: f: if functionArgs source == { } then f else setFunctionArgs f (functionArgs source);

  warn =
    builtins.warn or (
      msg: value: builtins.trace "evaluation warning: ${msg}" value
    );
  warnIf = condition: msg: if condition then warn msg else id;
  warnIfNot = condition: warnIf (!condition);
  throwIf = condition: msg: if condition then throw msg else id;
  throwIfNot = condition: throwIf (!condition);
  showWarnings = warnings: value: builtins.foldl' (acc: msg: warn msg acc) value warnings;
  info = msg: builtins.trace "INFO: ${msg}";
  assertMsg = condition: msg: condition || throw msg;
  assertOneOf =
    name: value: allowed:
    assertMsg (builtins.elem value allowed) "${name} must be one of ${
      lib.generators.toPretty { } allowed
    }, but is: ${lib.generators.toPretty { } value}";
  addErrorContext = builtins.addErrorContext or (_: id);
  traceVal = x: builtins.trace x x;
  traceValFn = f: x: builtins.trace (f x) x;
  traceSeq = x: builtins.trace (builtins.deepSeq x x);
  traceValSeq = x: traceSeq x x;

  # The release this library's interface follows: what `lib.version`-dependent modules compare with.
  trivial = {
    inherit
      release
      version
      codeName
      versionSuffix
      oldestSupportedRelease
      isInOldestRelease
      oldestSupportedReleaseIsAtLeast
      revisionWithDefault
      ;
  };
  release = "25.11";
  version = "25.11-host-base";
  nixpkgsVersion = version;
  inPureEvalMode = !(builtins ? currentSystem);
  inNixShell = builtins.getEnv "IN_NIX_SHELL" != "";
  codeName = "Host base";
  versionSuffix = "-host-base";
  oldestSupportedRelease = 2505;
  isInOldestRelease = lib.oldestSupportedReleaseIsAtLeast;
  oldestSupportedReleaseIsAtLeast = number: number <= oldestSupportedRelease;
  revisionWithDefault = fallback: fallback;
  importJSON = path: builtins.fromJSON (builtins.readFile path);
  importTOML = path: builtins.fromTOML (builtins.readFile path);
  toHexString = value: lib.concatMapStrings (digit: builtins.elemAt hexDigits digit) (toBaseDigits 16 value);
  hexDigits = lib.stringToCharacters "0123456789ABCDEF";
  toBaseDigits =
    base: value:
    if value < base then [ value ] else toBaseDigits base (value / base) ++ [ (mod value base) ];

  fix =
    f:
    let
      result = f result;
    in
    result;
  converge =
    f: value:
    let
      next = f value;
    in
    if next == value then value else converge f next;
  extends =
    overlay: f: final:
    let
      prev = f final;
    in
    prev // overlay final prev;
  composeExtensions =
    f: g: final: prev:
    let
      first = f final prev;
    in
    first // g final (prev // first);
  composeManyExtensions = lib.foldr composeExtensions (_: _: { });
  # The function stays at hand in its own result.
  fix' =
    f:
    let
      result = f result // {
        __unfix__ = f;
      };
    in
    result;
  # An overlay from what it may be given as: a set, a function of the previous one, or of both.
  toExtension =
    given:
    if isFunction given then
      final: previous:
      let
        once = given previous;
      in
      if isFunction once then given final previous else once
    else
      _: _: given;
  makeExtensible = makeExtensibleWithCustomName "extend";
  makeExtensibleWithCustomName =
    name: f:
    let
      self = f self // {
        ${name} = overlay: makeExtensibleWithCustomName name (extends overlay f);
      };
    in
    self;
}
