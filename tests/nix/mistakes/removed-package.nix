#since 24.11
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
