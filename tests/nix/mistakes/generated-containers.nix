#> in containers.web1.config.networking.hostName
#> not like this
#@ 8
{ lib, ... }:
{
  containers = lib.genAttrs [ "web1" "web2" ] (name: {
    config = lib.mkMerge [
      (lib.mkIf true { networking.hostName = throw "not like this"; })
    ];
  });
}
