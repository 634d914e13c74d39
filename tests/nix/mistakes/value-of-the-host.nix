#since 16.09
#> attribute 'time' missing
#> --eval full evaluates a whole NixOS
#@ 7
{ config, ... }:
{
  containers.web.config.time.timeZone = config.time.timeZone;
}
