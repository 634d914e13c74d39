#> syntax error, unexpected '}'
#@ 6
{
  containers.web.config = {
    services.nginx.enable = true
  };
}
