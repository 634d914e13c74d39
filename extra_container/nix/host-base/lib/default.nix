# The library under the names that NixOS modules use. Each file gets the finished `lib`, so that they can use one another.
let
  parts = [
    "trivial"
    "attrsets"
    "lists"
    "strings"
    "shell"
    "strings-with-deps"
    "derivations"
    "generators"
    "options"
    "modules"
  ];
  lib =
    let
      loaded = builtins.listToAttrs (
        map (name: {
          inherit name;
          value = import (./. + "/${name}.nix") { inherit lib; };
        }) parts
      );
    in
    # Flat names (`lib.mapAttrs`) and grouped ones (`lib.attrsets.mapAttrs`) both belong to the interface.
    builtins.foldl' (acc: name: acc // loaded.${name}) { } parts
    // loaded
    // {
      strings = loaded.strings // loaded.shell // {
        # `lib.replicate` is the one of lists.
        replicate = n: s: lib.concatStrings (lib.replicate n s);
      };
      types = import ./types.nix { inherit lib; };
      inherit (lib.types) mkOptionType isOptionType defaultFunctor defaultTypeMerge;
      asserts = {
        inherit (lib) assertMsg assertOneOf;
      };
      meta = {
        inherit (lib) getExe getExe' lowPrio hiPrio;
      };
      customisation = {
        inherit (lib) makeOverridable callPackageWith;
      };
      fixedPoints = {
        inherit (lib)
          fix
          extends
          composeExtensions
          composeManyExtensions
          makeExtensible
          ;
      };
      versions = {
        inherit (lib) splitVersion;
        major = version: builtins.head (lib.splitVersion version);
        minor = version: builtins.elemAt (lib.splitVersion version) 1;
        majorMinor = version: lib.concatStringsSep "." (lib.take 2 (lib.splitVersion version));
      };
      licenses = { };
      maintainers = { };
      platforms = rec {
        linux = [
          "x86_64-linux"
          "aarch64-linux"
          "i686-linux"
          "armv7l-linux"
          "riscv64-linux"
        ];
        all = linux;
        unix = linux;
      };
    };
in
lib
