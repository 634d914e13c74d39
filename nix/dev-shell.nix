# A shell for work on the sources: the tools of dev/, and the flake's nixpkgs for containers.
{ nixpkgs, pkgs }:

let
  python = if import ./has-cliff.nix pkgs.python3Packages then pkgs.python3 else pkgs.python311;
in
pkgs.mkShell {
  packages = [
    (python.withPackages (packages: [
      packages.cliff
      packages.hatchling
      packages.mypy
      packages.pluggy
      packages.pytest
      packages.stevedore
      packages.structlog
    ]))
    pkgs.openssh
    pkgs.ruff
    pkgs.shellcheck
  ];

  NIX_PATH = "nixpkgs=${nixpkgs}";
}
