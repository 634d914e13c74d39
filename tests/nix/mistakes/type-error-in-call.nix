#> containers.web.config.environment.etc.a.text
#> a list was expected|expected a list
#@ 8
{
  containers.web.config =
    { lib, ... }:
    {
      environment.etc.a.text = lib.concatStringsSep "," 3;
    };
}
