{ lib, ... }:
{
  networking.hostName = lib.mkIf true (throw "not like this");
}
