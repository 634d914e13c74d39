# The module argument `extraContainer`, and the layout of files, for both evaluations.
{
  inputs,
  legacyInstallDirs,
  # The NixOS release of the tree, as in 18.03.
  release,
  # The module with the user's definition.
  definition ? { },
}:

{ lib, ... }:

{
  _file = "extra-container";

  imports = [ (import ./argument.nix { inherit definition inputs; }) ];

  # nixpkgs uses the directories without prefix before 22.05.
  config.system.stateVersion = lib.mkDefault (if legacyInstallDirs then "21.11" else release);
}
