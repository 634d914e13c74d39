{ lib, ... }:

{
  nixpkgs.config.allowUnfreePredicate = package: lib.getName package == "unrar";
  containers.demo.config =
    { pkgs, ... }:
    {
      nixpkgs.config.allowUnfreePredicate = package: true;
      environment.systemPackages = [ pkgs.unrar ];
    };
}
