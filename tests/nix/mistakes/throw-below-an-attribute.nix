#args -A prod.web
#> not like this
#> in containers.web.config.networking.hostName
#@ 9
{
  prod.web =
    { ... }:
    {
      containers.web.config.networking.hostName = throw "not like this";
    };
}
