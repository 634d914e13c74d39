# A system with less in it. What NixOS leaves out here is not in this base in the first place.
{ lib, ... }:
{
  documentation = {
    enable = lib.mkDefault false;
    doc.enable = lib.mkDefault false;
    info.enable = lib.mkDefault false;
    man.enable = lib.mkDefault false;
    nixos.enable = lib.mkDefault false;
  };
  environment.defaultPackages = lib.mkDefault [ ];
}
