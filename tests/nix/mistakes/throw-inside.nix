#> not like this
#> in containers.web.config.networking.hostName
#@ 6
{
  containers.web.config = {
    networking.hostName = throw "not like this";
  };
}
