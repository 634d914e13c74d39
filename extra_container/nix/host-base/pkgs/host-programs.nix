# Packages that link to the host's programs: `pkgs.NAME` holds bin/PROGRAM -> /usr/bin/PROGRAM.
# A name in `package-names.nix` is the name nixpkgs gives; any other program of the host is a package under its own name.
{
  lib,
  builders,
  knownPackages ? import ./package-names.nix,
}:
let
  # Later directories win, so a distribution's program comes before one put into /usr/local by hand.
  directories = [
    "/usr/local/sbin"
    "/usr/local/bin"
    "/usr/sbin"
    "/usr/bin"
  ];
  programsIn =
    dir:
    if builtins.pathExists dir then builtins.mapAttrs (program: _: "${dir}/${program}") (builtins.readDir dir) else { };
  # Program name to absolute path. Read at evaluation, so a package names what the host has now.
  found = builtins.foldl' (acc: dir: acc // programsIn dir) { } directories;

  hostPackage =
    name: programs:
    let
      main = builtins.head programs;
      present = builtins.filter (program: found ? ${program}) programs;
      links = builtins.listToAttrs (
        map (program: lib.nameValuePair "bin/${program}" { link = found.${program}; }) present
      );
    in
    if !(found ? ${main}) then
      throw "pkgs.${name}: the host has no program `${main}' (looked in ${lib.concatStringsSep ", " directories}). The built-in host base only links to what the host has: install it there, or give a nixpkgs with --nixpkgs-path."
    else
      builders.writeTree "host-${lib.sanitizeDerivationName name}" links (
        {
          pname = name;
          version = "host";
          meta = {
            mainProgram = main;
            description = "The host's ${main}";
          };
        }
        // lib.optionalAttrs (builtins.elem main shells) { shellPath = "/bin/${main}"; }
      );
  shells = [
    "bash"
    "zsh"
    "fish"
    "dash"
  ];
  known = builtins.mapAttrs hostPackage knownPackages;
  others = builtins.mapAttrs (program: _: hostPackage program [ program ]) found;
in
{
  packages = others // known;
}
