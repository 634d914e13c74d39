#> attribute 'nonexist' missing
#> containers.web.config.environment.systemPackages
#@ 8
{
  containers.web.config =
    { pkgs, ... }:
    {
      environment.systemPackages = [ pkgs.nonexist ];
    };
}
