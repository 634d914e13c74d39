# A shell for work on the sources: the tools of dev/, and the flake's nixpkgs for containers.
{ nixpkgs, pkgs }:

pkgs.mkShell {
  packages = [
    (pkgs.python3.withPackages (python: [
      python.cliff
      python.hatchling
      python.mypy
      python.pluggy
      python.pytest
      python.stevedore
      python.structlog
    ]))
    pkgs.openssh
    pkgs.ruff
    pkgs.shellcheck
  ];

  NIX_PATH = "nixpkgs=${nixpkgs}";
}
