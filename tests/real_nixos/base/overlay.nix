# Packages in place of the tree's: the host's programs, and what nixpkgs' modules read of packages beside programs.
{ folder, tree }:
final: prev:
let
  inherit (prev) lib;
  inherit (prev.stdenv.hostPlatform) system;
  hostPackage = import ./host-package.nix { inherit system; };
  # Names that the host base has too; what builds other things stays the tree's, or is special below.
  plain =
    removeAttrs (import ../../../extra_container/nix/host-base/pkgs/package-names.nix) [
      "cargo"
      "gcc"
      "git"
      "go"
      "nodejs"
      "php"
      "perl"
      "python"
      "python3"
      "ruby"
      "rustc"
      "systemd"
      "systemdMinimal"
    ]
    // import ./names.nix;
in
builtins.mapAttrs (name: programs: hostPackage { inherit name programs; }) plain
// import ./contents.nix { inherit hostPackage lib; }
// import ./systemd.nix { inherit hostPackage tree; }
// import ./special.nix {
  inherit
    hostPackage
    lib
    prev
    final
    ;
}
// {
  # Containers are evaluated with the folder, too.
  path = folder;
  fetchurl = lib.makeOverridable (import ./fetchurl.nix { inherit system; });
}
