# Sets of packages that refer to each other, and changes of derivations.
{ lib }:
rec {
  callPackagesWith =
    scope: fn: args:
    let
      f = if lib.isFunction fn then fn else import fn;
      given = builtins.intersectAttrs (lib.functionArgs f) scope // args;
      result = f given;
      again = change: name: (f (given // lib.toFunction change given)).${name};
    in
    builtins.mapAttrs (
      name: value: if builtins.isAttrs value then value // { override = change: again change name; } else value
    ) result;
  makeScope =
    newScope: f:
    let
      self = f self // {
        newScope = scope: newScope (self // scope);
        callPackage = self.newScope { };
        overrideScope = overlay: makeScope newScope (lib.extends overlay f);
        packages = f;
      };
    in
    self;
  overrideDerivation = drv: change: drv.overrideAttrs change;
  # Only what a build farm may know of a derivation.
  hydraJob =
    drv:
    lib.optionalAttrs (drv != null) (
      builtins.intersectAttrs (lib.genAttrs [ "name" "system" "type" "drvPath" "outPath" "outputName" "outputs" "meta" "out" ] (_: null)) drv
    );
  lazyDerivation =
    {
      derivation,
      meta ? null,
      passthru ? { },
      outputs ? [ "out" ],
    }:
    lib.genAttrs outputs (output: derivation.${output})
    // {
      type = "derivation";
      inherit outputs;
      inherit (derivation) drvPath name outPath outputName system;
    }
    // lib.optionalAttrs (meta != null) { inherit meta; }
    // passthru;
  warnOnInstantiate =
    message: drv:
    drv // { drvPath = lib.warn message drv.drvPath; outPath = lib.warn message drv.outPath; };

  appendToName = suffix: setName' (name: "${lib.getName name}-${suffix}${lib.optionalString (lib.getVersion name != "") "-${lib.getVersion name}"}");
  setName' = change: drv: drv // { name = change drv.name; };
  updateName = setName';
  setName = name: setName' (_: name);
  dontDistribute = lib.addMetaAttrs { hydraPlatforms = [ ]; };
  mapDerivationAttrset = f: builtins.mapAttrs (_: value: if lib.isDerivation value then f value else value);
  lowPrioSet = mapDerivationAttrset lib.lowPrio;
  hiPrioSet = mapDerivationAttrset lib.hiPrio;
  platformMatch =
    platform: pattern:
    if builtins.isString pattern then platform.system or null == pattern else lib.matchAttrs (removeAttrs pattern [ "__toString" ]) (platform.parsed or platform);
  availableOn =
    platform: pkg:
    (!(pkg.meta ? platforms) || builtins.any (platformMatch platform) pkg.meta.platforms)
    && !builtins.any (platformMatch platform) (pkg.meta.badPlatforms or [ ]);
  chooseDevOutputs = map lib.getDev;
  getInclude = lib.getFirstOutput [ "include" "dev" "out" ];
  getStatic = lib.getFirstOutput [ "static" "lib" "out" ];
  makeIncludePath = lib.makeSearchPathOutput "dev" "include";

  fakeHash = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
  fakeSha256 = lib.concatStrings (lib.replicate 64 "0");
  fakeSha512 = lib.concatStrings (lib.replicate 128 "0");
}
