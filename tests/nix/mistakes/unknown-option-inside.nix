#> The option `containers.web.config.services.openssh.enabel'
#> does not exist
#@ 6
{ lib, ... }:
{
  containers.web.config.services.openssh.enabel = true;
}
