{ lib, ... }:

{
  containers.demo.autoStart = lib.mkDefault true;
}
