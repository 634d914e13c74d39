{ pkgs, ... }:

{
  nixpkgs.config.allowUnfree = true;
  containers.demo.config = {
    nixpkgs.pkgs = pkgs;
    environment.systemPackages = [ pkgs.unrar ];
  };
}
