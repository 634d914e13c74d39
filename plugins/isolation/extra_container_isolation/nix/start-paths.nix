# What container-init needs, which the host starts inside of a container: its interpreter, and `ip`.
{ pkgs }:

[
  (pkgs.runtimeShellPackage or pkgs.bash)
  (pkgs.iproute2 or pkgs.iproute)
]
