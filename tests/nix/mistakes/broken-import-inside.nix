#> {here}/parts/deep/gone.nix
#> in containers.web.config
#@ parts/deep/import.nix:3
{
  containers.web.config.imports = [ ./parts/deep/import.nix ];
}
