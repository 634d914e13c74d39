# The platform and the packages, which come from the host: see ../../lib/eval-config.nix for how `pkgs` follows from these.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.nixpkgs;
  platform = types.coercedTo types.str (system: { inherit system; }) (types.attrsOf types.raw);
  overlay = lib.mkOptionType {
    name = "nixpkgs-overlay";
    description = "nixpkgs overlay";
    check = lib.isFunction;
    merge = lib.mergeOneOption;
  };
  called = value: if lib.isFunction value then value { inherit pkgs; } else value;
  mergeSettings =
    a: b:
    lib.recursiveUpdate a b
    // lib.optionalAttrs (a ? packageOverrides && b ? packageOverrides) {
      packageOverrides = packages: a.packageOverrides packages // b.packageOverrides packages;
    };
  settings = lib.mkOptionType {
    name = "nixpkgs-config";
    description = "nixpkgs config";
    check = value: builtins.isAttrs value || lib.isFunction value;
    merge = _: lib.foldr (def: mergeSettings (called def.value)) { };
  };
  # Nothing of the host is unfree, broken or insecure here: what allows such packages holds without being asked for.
  hasEffect = name: name == "packageOverrides" || builtins.match "allow.*|permitted.*" name != null;
in
{
  options.nixpkgs = {
    system = mkOption {
      type = types.str;
      description = "Platform that is evaluated for, such as x86_64-linux.";
    };
    localSystem = mkOption {
      type = types.nullOr platform;
      default = null;
      description = "Older name of hostPlatform.";
    };
    hostPlatform = mkOption {
      type = platform;
      description = "Platform as a set with `system`.";
    };
    buildPlatform = mkOption {
      type = types.raw;
      default = cfg.hostPlatform;
      description = "The same as hostPlatform: nothing is compiled.";
    };
    config = mkOption {
      type = settings;
      default = { };
      description = "Settings of nixpkgs: `packageOverrides`, and what allows packages.";
    };
    overlays = mkOption {
      type = types.listOf overlay;
      default = [ ];
      description = "Overlays over the host's packages.";
    };
    pkgs = mkOption {
      type = types.raw;
      default = null;
      description = "Packages of the built-in host base, such as the `pkgs` of the definition, instead of those made anew.";
    };
  };
  config = {
    nixpkgs.hostPlatform = lib.mkOptionDefault (if cfg.localSystem == null then cfg.system else cfg.localSystem);
    system.ignoredOptions = map (name: lib.showOption [ "nixpkgs" "config" name ]) (
      builtins.filter (name: !hasEffect name) (builtins.attrNames cfg.config)
    );
  };
}
