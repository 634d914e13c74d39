#> the module argument 'nosuch' does not exist
#> in containers.web.config.environment.etc.a.text
#! modules.nix
#@ 9
{
  containers.web.config =
    { nosuch, ... }:
    {
      environment.etc.a.text = nosuch;
    };
}
