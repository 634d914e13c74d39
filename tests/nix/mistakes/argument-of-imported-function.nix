#> called without required argument 'name'
#> containers.web.config.environment.etc.a.text
{
  containers.web.config.environment.etc.a.text = (import ./parts/deep/function.nix) { };
}
