#> The option `containers.web.extra.adressPrefix'
#> does not exist
#@ 6
{
  containers.web = {
    extra.adressPrefix = "10.250.0";
    config = { };
  };
}
