#since 25.05
#> has been removed
#> in containers.web.config.environment.systemPackages
#@ 9
{
  containers.web.config =
    { pkgs, ... }:
    {
      environment.systemPackages = [ pkgs.python2Full ];
    };
}
