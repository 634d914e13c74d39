# Packages that modules or other packages do more with than to name their files.
{
  hostPackage,
  lib,
  prev,
  final,
}:
let
  perl = hostPackage {
    name = "perl";
    passthru = {
      libPrefix = "lib/perl5";
      withPackages = _: perl;
    };
  };
  shell =
    name:
    hostPackage {
      inherit name;
      programs = [
        name
        "sh"
      ];
      passthru.shellPath = "/bin/${name}";
    };
  # With one stage, Rust's compiler would be built by itself.
  rustc = hostPackage {
    name = "rustc";
    passthru = {
      targetPlatforms = lib.platforms.all;
      badTargetPlatforms = [ ];
      unwrapped = rustc;
    };
  };
  rust = {
    inherit rustc;
    cargo = stub "cargo";
    cargo-auditable = stub "cargo-auditable";
    clippy = stub "clippy";
    rustfmt = stub "rustfmt";
    rustPlatform = prev.makeRustPlatform { inherit (rust) cargo rustc; };
  };
  python = hostPackage { name = "python3"; };
  nginx = hostPackage {
    name = "nginx";
    version = "1.26.0";
    contents = "cp -r /etc/nginx $out/conf";
    passthru.modules = [ ];
  };
  # Whatever version is asked for, there is but the host's.
  postgresql = hostPackage {
    name = "postgresql";
    version = "17.0";
    programs = [
      "initdb"
      "pg_ctl"
      "pg_dump"
      "pg_isready"
      "postgres"
      "psql"
    ];
    passthru = {
      psqlSchema = "17";
      jitSupport = false;
      withJIT = postgresql;
      withoutJIT = postgresql;
      withPackages = _: postgresql;
      installedExtensions = [ ];
      pkgs = { };
    };
  };
  # Scripts of units are checked with it when they are built.
  shellcheck = hostPackage {
    name = "shellcheck";
    passthru = {
      compiler = shellcheck;
      bootstrapAvailable = true;
    };
  };
  lndir = hostPackage {
    name = "lndir";
    programs = [ ];
    contents = ''
      printf '#!/usr/bin/bash\ncp -rs "''${@: -2:1}/." "''${@: -1}"\n' >$out/bin/lndir
      chmod 0755 $out/bin/lndir
    '';
  };
  # What must be there, whether the host has it or not.
  stub =
    name:
    hostPackage {
      inherit name;
      stubs = [ name ];
    };
  xauth = stub "xauth";
in
builtins.listToAttrs (
  map (number: {
    name = "postgresql_${toString number}";
    value = postgresql;
  }) (lib.range 13 18)
)
// rust
// {
  rustPackages = prev.rustPackages // rust;
  inherit lndir perl shellcheck xauth;
  # Splicing takes all that is in xorg for packages.
  xorg = prev.xorg // { inherit lndir xauth; };
  shellcheck-minimal = shellcheck;
  fuse = stub "fusermount";
  fuse3 = stub "fusermount3";
  makeInitrdNGTool = stub "make-initrd-ng";
  linuxHeaders = hostPackage {
    name = "linux-headers";
    programs = [ ];
  };
  # In Rust, too. What is run in a container sets the PATH of generators, which the host's have already.
  nixos-init = hostPackage {
    name = "nixos-init";
    programs = [ ];
    stubs = [
      "chroot-realpath"
      "find-etc"
      "initrd-init"
      "resolve-in-root"
    ];
    contents = ''
      printf '#!/usr/bin/bash\n' >$out/bin/env-generator
      chmod 0755 $out/bin/env-generator
    '';
  };
  # Of glibc's sources, the wrappers of set-uid programs include a list of variables that these must not trust.
  srcOnly =
    package:
    if package.pname or null == "glibc" then
      hostPackage {
        name = "glibc-sources";
        programs = [ ];
        contents = ''
          echo '#define UNSECURE_ENVVARS "LD_AUDIT\0" "LD_LIBRARY_PATH\0" "LD_PRELOAD\0" "LOCPATH\0" "GCONV_PATH\0" "TMPDIR\0"' >$out/unsecvars.h
        '';
      }
    else
      prev.srcOnly package;
  # It is written in Rust: systems with it boot, and cannot be switched to. It begins with the checks of the system.
  switch-to-configuration-ng = hostPackage {
    name = "switch-to-configuration";
    contents = ''
      cat >$out/bin/switch-to-configuration <<'END'
      #!/usr/bin/bash
      "$PRE_SWITCH_CHECK" "$TOPLEVEL" "$1" || { echo "Pre-switch checks failed" >&2; exit 1; }
      echo "switch-to-configuration in Rust is not on this host" >&2
      exit 127
      END
      chmod 0755 $out/bin/switch-to-configuration
    '';
  };
  # Interpreter and programs are the host's, functions that make others of it the tree's.
  python3 = prev.python3 // {
    inherit (python) outPath drvPath out bin;
    type = "derivation";
  };
  inherit nginx;
  nginxStable = nginx;
  nginxMainline = nginx;
  mailcap = hostPackage {
    name = "mailcap";
    programs = [ ];
    contents = ''
      mkdir -p $out/etc/nginx
      cp /etc/nginx/mime.types $out/etc/nginx
    '';
  };
  # They format and check with programs in Python.
  writers = prev.writers // {
    writeNginxConfig = final.writeText;
  };
  inherit postgresql;
  bash = shell "bash";
  bashInteractive = shell "bash";
  bashInteractiveFHS = shell "bash";
  bashNonInteractive = shell "bash";
  dash = shell "dash";
  fish = shell "fish";
  xonsh = shell "xonsh";
  zsh = shell "zsh";
}
