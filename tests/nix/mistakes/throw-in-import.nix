#> not like this
#> in containers.web.config.networking.hostName
#@ parts/deep/throw.nix:3
{
  containers.web.config.imports = [ ./parts/deep/throw.nix ];
}
