#> undefined variable 'pkgs'
#@ 4
{
  containers.web.config = { environment.systemPackages = [ pkgs.hello ]; };
}
