# What every container gets besides the options of nixpkgs' container module: one package set for all that can share it, a state
# version, and the option `nixpkgs` where the evaluated release does not have it yet.
{
  nixos,
  # The NixOS release of the tree.
  release,
}:

{
  config,
  extraContainer,
  lib,
  options,
  pkgs,
  ...
}:

let
  # Declared by the tree itself since 21.05. Only the names of options are looked at, for which a module needs no configuration.
  declaresNixpkgs =
    let
      module = import (import ./container-module-path.nix nixos) {
        inherit lib;
        config = { };
        options = { };
        pkgs = { };
        utils = { };
      };
    in
    module.options.containers.type.getSubOptions [ ] ? nixpkgs;

  # A default is a definition too, in the file that declares the option.
  isSet =
    option: option.isDefined && builtins.any (file: !builtins.elem file option.declarations) option.files;

  # Whether a configuration's packages are those that nixpkgs has for its platform. `settings` and `known` are its `nixpkgs`
  # values and options. Beside `hostPlatform` the older options for platforms are an error, which nixpkgs raises for its own set
  # only.
  isPlain =
    settings: known:
    !(known ? pkgs && isSet known.pkgs)
    && !(
      known ? hostPlatform
      && known.hostPlatform.isDefined
      && builtins.any (option: known ? ${option} && isSet known.${option}) [
        "crossSystem"
        "localSystem"
      ]
    )
    && settings.config == { }
    && (settings.overlays or [ ]) == [ ]
    && (settings.crossSystem or null) == null;

  isHostPlatform =
    platform: lib ? systems.equals && lib.systems.equals platform pkgs.stdenv.hostPlatform;

  hasHostPlatform =
    settings: known:
    if known ? hostPlatform && known.hostPlatform.isDefined then
      isHostPlatform settings.hostPlatform && isHostPlatform settings.buildPlatform
    else if settings ? localSystem then
      isHostPlatform (lib.systems.elaborate settings.localSystem)
    else
      settings.system == config.nixpkgs.system;

  # The module argument `pkgs` may come from the definition, too.
  definesPkgs =
    file: definition: definition ? pkgs && !lib.hasPrefix "${toString nixos}/" (toString file);
  hasOwnPkgs =
    known: builtins.elem true (lib.zipListsWith definesPkgs known._module.args.files known._module.args.definitions);

  hostIsPlain = isPlain config.nixpkgs options.nixpkgs && !hasOwnPkgs options;

  # A package set is by far the largest value of an evaluation. Where a container would import the very same one, it gets the
  # host's: the same derivations with less memory and time.
  sharePackages =
    { config, options, ... }:
    {
      _file = "extra-container: the shared package set";
      # Stronger than the definition in nixpkgs, weaker than whatever a user puts in its place.
      _module.args.pkgs =
        lib.mkIf (isPlain config.nixpkgs options.nixpkgs && hasHostPlatform config.nixpkgs options.nixpkgs)
          (lib.mkOverride 99 pkgs);
    };

  # What a container's modules warn of names neither the container nor, for a renamed option, the whole option.
  nameWarnings = name: {
    _file = "extra-container: names in warnings";
    # A tree that is a copy of the host base brings the same module.
    key = "extra-container: names in warnings";
    options.warnings = lib.mkOption { apply = map (warning: "containers.${name}.config: ${warning}"); };
  };

  # Most containers are new, and NixOS warns of every system that names no version. Any definition of a user's is stronger.
  stateVersion = {
    _file = "extra-container: the state version";
    system.stateVersion = lib.mkOverride 1400 release;
  };

  # Since 21.11; older libraries look for unknown options one by one.
  hasExtendModules = lib.evalModules { modules = [ ]; } ? extendModules;

  # Before the first option of a system can be read, the library looks for unknown options in all of it, and so asks for every
  # value that decides what the modules define: with 24.11 whether sshd runs all the time, with 26.11 the addresses of the
  # container. Such a value may come from an option of the container that is itself read from its system. Here the look comes when
  # the system is built, and in a second evaluation, as there is no other way to have it later.
  lateCheck =
    {
      extendModules,
      lib,
      ...
    }:
    {
      _file = "extra-container: the check for unknown options";
      # Weaker than a definition's own.
      _module.check = lib.mkOverride 1400 false;
      assertions = [
        {
          assertion =
            builtins.seq
              (extendModules { modules = [ { _module.check = lib.mkOverride 1399 true; } ]; }).config
              true;
          message = "The system has options that do not exist.";
        }
      ];
    };

  usesTreeOfHost = container: container.nixpkgs == null || toString container.nixpkgs == toString pkgs.path;
in
{
  _file = "extra-container: every container";

  options.containers = lib.mkOption {
    type = lib.types.attrsOf (
      lib.types.submodule (
        { name, config, ... }:
        {
          options = lib.optionalAttrs (!declaresNixpkgs) {
            nixpkgs = lib.mkOption {
              type = lib.types.nullOr lib.types.path;
              default = null;
              description = "The nixpkgs of this container.";
            };
          };
          config = lib.mkIf (extraContainer.hasConfig name) {
            config = lib.mkMerge [
              stateVersion
              (nameWarnings name)
              (lib.mkIf (hasExtendModules && extraContainer.mayReadItself name) lateCheck)
              (lib.mkIf (hostIsPlain && usesTreeOfHost config) sharePackages)
            ];
          };
        }
      )
    );
  };
}
