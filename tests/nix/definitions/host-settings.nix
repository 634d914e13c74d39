{ pkgs, ... }:

{
  containers.demo.config = { };
  environment.systemPackages = [ pkgs.hello ];
  boot.kernelModules = [ "x" ];
  networking.extraHosts = "1.1.1.1 x";
}
