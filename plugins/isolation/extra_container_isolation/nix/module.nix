# The isolation options of containers, as a NixOS module of the host part.
{
  imports = [
    ./credentials.nix
    ./private-users.nix
    ./profile.nix
    ./program.nix
    ./store-view.nix
  ];
}
