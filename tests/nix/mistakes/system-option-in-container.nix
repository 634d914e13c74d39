#> The option `containers.web.services'
#> does not exist
#> Options of its system belong into containers.web.config.
#@ 7
{
  containers.web = {
    services.openssh.enable = true;
  };
}
