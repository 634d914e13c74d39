#> The option `services.nginx'
#> does not exist
#> options of a system belong into containers.NAME.config
#@ 7
{
  containers.web.config = { };
  services.nginx.enable = true;
}
