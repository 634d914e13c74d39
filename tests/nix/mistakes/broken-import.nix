#> {here}/gone.nix
#@ 4
{
  imports = [ ./gone.nix ];
  containers.web.config = { };
}
