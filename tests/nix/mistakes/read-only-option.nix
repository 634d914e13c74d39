#since 20.09
#> The option `containers.web.config.system.nixos.release' is read-only
#@ 5
{
  containers.web.config.system.nixos.release = "1";
}
