{ lib, ... }:

{
  containers.demo.config = { };
  systemd.services."container@demo" = {
    after = [ "postgresql.service" ];
    wants = [ "x.target" ];
    preStart = "echo pre";
    postStop = "echo stop";
    serviceConfig.LimitNOFILE = 1000;
    unitConfig.ConditionPathExists = "/x";
    environment.FOO = "bar baz";
    path = [ "/opt" ];
  };
}
