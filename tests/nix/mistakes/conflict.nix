#> containers.web.config.networking.hostName
#> `{here}/conflict.nix'
#> `{here}/parts/conflict.nix'
#@ 7
{
  imports = [ ./parts/conflict.nix ];
  containers.web.config.networking.hostName = "a";
}
