#> The option `containers.web.config.services.openssh.enabel' does not exist
#@ 5
{ lib, ... }:
{
  containers.web.config.services.openssh.enabel = true;
}
