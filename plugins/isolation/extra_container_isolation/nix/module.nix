# The isolation options of containers, as a NixOS module of the host part.
{
  imports = [
    ./program.nix
    ./store-view.nix
  ];
}
