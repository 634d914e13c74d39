# For a host whose own containers are in /etc/containers and /var/lib/containers: nixpkgs takes these directories
# for state versions before 22.05. Stronger than the tool's default, weaker than what a definition says.
{ lib, ... }:

{
  _file = "extra-container: the directories of this NixOS host";
  system.stateVersion = lib.mkOverride 999 "21.11";
}
