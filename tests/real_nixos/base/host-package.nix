# A package whose programs are links to the host's: raw, so that nothing of the tree is needed to build it.
{ system }:
{
  name,
  # Programs that are linked if the host has them. In place of the first one stands what says that it is lacking.
  programs ? [ name ],
  # Programs that must be there, and fail when they are called.
  stubs ? [ ],
  # Shell text that makes the rest, in $out.
  contents ? "",
  # What modules compare with the version of a feature.
  version ? "0",
  mainProgram ? builtins.head (programs ++ stubs ++ [ name ]),
  # What nixpkgs' package has beside its outputs.
  passthru ? { },
}:
let
  built = derivation {
    inherit
      name
      system
      programs
      stubs
      contents
      ;
    lacking =
      let
        debian = (import ./debian.nix).${builtins.head (programs ++ [ name ])} or null;
      in
      if debian == null then "" else " (Debian's ${debian} has it)";
    builder = "/bin/bash";
    args = [ ./host-package.sh ];
  };
  package =
    built
    // {
      pname = name;
      inherit version;
      outputs = [ "out" ];
      # Whoever changes a package gets this one all the same.
      override = _: package;
      overrideAttrs = _: package;
      overrideDerivation = _: package;
      passthru = passthru;
      meta = {
        inherit name mainProgram;
        description = "${name} of the host";
        available = true;
        broken = false;
        badPlatforms = [ ];
        license.free = true;
        maintainers = [ ];
        platforms = [ system ];
        pkgConfigModules = [ ];
        changelog = "";
        homepage = "";
        teams = [ ];
        outputsToInstall = [ "out" ];
        priority = 5;
      };
    }
    // builtins.listToAttrs (
      map
        (output: {
          name = output;
          value = package;
        })
        [
          "bin"
          "dev"
          "doc"
          "info"
          "lastlog"
          "lib"
          "login"
          "man"
          "mount"
          "out"
          "su"
          "swap"
          "terminfo"
        ]
    )
    // passthru;
in
package
