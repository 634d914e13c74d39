# One native stage in place of the bootstrap: packages are built with the host's shell and tools.
{ tree }:
{
  lib,
  localSystem,
  config,
  overlays,
  ...
}:
let
  generic = import (tree + "/pkgs/stdenv/generic");
  # Since 25.05 the defaults come first.
  makeStdenv = if (lib.functionArgs generic) ? defaultConfig then generic { defaultConfig = config; } else generic;

  # It lands in buildInputs, and its libc and linker in texts, even where nothing is compiled.
  nothing =
    name:
    derivation {
      inherit name;
      inherit (localSystem) system;
      builder = "/bin/bash";
      args = [
        "-c"
        # The script that makes users calls the one program of the C library's that is looked for.
        "/usr/bin/mkdir -p $out/bin; /usr/bin/ln -s /usr/bin/true $out/bin/nscd; /usr/bin/sleep 0.03 &"
      ];
    }
    // {
      pname = name;
      version = "0";
      meta = { };
      bin = nothing name;
      lib = nothing name;
      dev = nothing name;
    };
  cc = nothing "no-compiler" // {
    isGNU = true;
    isClang = false;
    isArocc = false;
    isZig = false;
    version = "0";
    targetPrefix = "";
    cc = nothing "no-compiler";
    libc = nothing "no-libc";
    libc_bin = nothing "no-libc";
    libc_dev = nothing "no-libc";
    libc_lib = nothing "no-libc";
    bintools = nothing "no-linker" // {
      isLLVM = false;
      isGNU = true;
      isCCTools = false;
      bintools = nothing "no-linker";
      version = "0";
      dynamicLinker = "/lib64/ld-linux-x86-64.so.2";
      libc = nothing "no-libc";
      targetPrefix = "";
    };
  };
in
[
  (_: {
    inherit config overlays;
    stdenv = makeStdenv {
      name = "stdenv-host";
      inherit cc config;
      hasCC = false;
      shell = "/bin/bash";
      initialPath = [ "/usr" ];
      buildPlatform = localSystem;
      hostPlatform = localSystem;
      targetPlatform = localSystem;
      fetchurlBoot = import ./fetchurl.nix { inherit (localSystem) system; };
      preHook = ''
        export NIX_ENFORCE_PURITY= CC=tcc
        export PATH=/usr/sbin:$PATH
      '';
    };
  })
]
