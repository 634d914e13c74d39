#> The option `containers.web.privateNetwrok'
#> does not exist
#> Options of its system belong into containers.web.config.
#@ 7
{
  containers.web = {
    privateNetwrok = true;
    config = { };
  };
}
