{ lib, ... }:

{
  containers.demo.config = { };
  systemd.services."container@demo" = {
    script = lib.mkForce "exec true";
    serviceConfig.Restart = lib.mkForce "no";
    serviceConfig.Slice = lib.mkForce "system.slice";
    enable = true;
  };
}
