# The isolation options of containers, as a NixOS module of the host part.
{
  imports = [
    ./credentials.nix
    ./private-users.nix
    ./program.nix
    ./store-view.nix
  ];
}
