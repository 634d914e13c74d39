{ pkgs, ... }:
{
  imports = [ ./gone.nix ];
  environment.systemPackages = [ pkgs.nano ];
}
