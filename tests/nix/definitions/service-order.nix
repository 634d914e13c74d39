{ lib, pkgs, ... }:

{
  containers.demo = {
    autoStart = true;
    config = { };
  };
  imports = [
    {
      systemd.services."container@demo" = {
        preStart = lib.mkBefore "echo first";
        path = lib.mkBefore [ "/before" ];
        after = lib.mkBefore [ "first.target" ];
      };
    }
    {
      systemd.services."container@demo" = {
        preStart = lib.mkAfter "echo last";
        path = lib.mkAfter [ pkgs.hello ];
        after = [ "last.target" ];
        restartTriggers = [ "one" ];
      };
    }
  ];
}
