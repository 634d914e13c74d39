#> not like this
#> in containers.web.autoStart
#@ 6
{
  containers.web = {
    autoStart = throw "not like this";
    config = { };
  };
}
