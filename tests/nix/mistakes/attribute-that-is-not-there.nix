#args -A web.prod
#> attribute 'web.prod' is not in {here}/attribute-that-is-not-there.nix
{
  web.test.containers.web.config = { };
}
