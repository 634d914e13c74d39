# The network options of containers, as a NixOS module of the host part.
{
  imports = [
    ./address-prefix.nix
    ./enable-wan.nix
    ./expose-localhost.nix
    ./firewall-allow-host.nix
    ./names.nix
  ];
}
