# Looking into values while they are evaluated, and tests of functions.
{ lib }:
let
  inherit (builtins) trace;
  # The value with everything below `depth` replaced by a mark.
  cut =
    depth: value:
    if builtins.isList value then
      if depth == 0 then "[…]" else map (cut (depth - 1)) value
    else if builtins.isAttrs value then
      if depth == 0 then "{…}" else builtins.mapAttrs (_: cut (depth - 1)) value
    else
      value;
  shown = depth: value: lib.generators.toPretty { allowPrettyValues = true; } (cut depth value);
in
rec {
  traceIf = condition: message: value: if condition then trace message value else value;
  traceSeqN = depth: x: value: trace (shown depth x) value;
  traceValSeqFn = f: value: lib.traceValFn f (builtins.deepSeq value value);
  traceValSeqNFn = f: depth: value: traceSeqN depth (f value) value;
  traceValSeqN = traceValSeqNFn lib.id;
  traceFnSeqN =
    depth: name: f: value:
    let
      result = f value;
    in
    traceSeqN depth {
      fn = name;
      from = value;
      to = result;
    } result;
  # Failures of { NAME = { expr; expected; }; }; only names that begin with `test` count, or those in `tests`.
  runTests =
    tests:
    lib.concatLists (
      lib.mapAttrsToList (
        name: test:
        let
          isWanted = if tests ? tests then builtins.elem name tests.tests else lib.hasPrefix "test" name || name == "tests";
        in
        lib.optional (isWanted && test.expr != test.expected) {
          inherit name;
          inherit (test) expected;
          result = test.expr;
        }
      ) (removeAttrs tests [ "tests" ])
    );
  testAllTrue = expr: {
    inherit expr;
    expected = map (_: true) expr;
  };
  debug = {
    inherit
      traceIf
      traceSeqN
      traceValSeqFn
      traceValSeqNFn
      traceValSeqN
      traceFnSeqN
      runTests
      testAllTrue
      ;
    inherit (lib)
      addErrorContext
      traceVal
      traceValFn
      traceSeq
      traceValSeq
      ;
    inherit trace;
    inherit (builtins) unsafeGetAttrPos;
  };
}
