#> the module argument 'nosuch' does not exist
#> containers.web.autoStart
#@ 8
{ nosuch, ... }:
{
  containers.web = {
    config = { };
    autoStart = nosuch;
  };
}
