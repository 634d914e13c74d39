# A system without a screen, which every container is.
{ lib, ... }:
{
  services.getty.console.enable = lib.mkDefault false;
}
