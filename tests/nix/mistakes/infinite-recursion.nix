#> infinite recursion encountered
#> in containers.web.config.networking.hostName
#! modules.nix
#@ 7
{
  containers.web.config = { config, ... }: {
    networking.hostName = config.networking.hostName + "x";
  };
}
