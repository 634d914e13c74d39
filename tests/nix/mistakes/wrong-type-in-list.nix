#since 18.03
#> containers.web.config.networking.firewall.allowedTCPPorts
#@ 6
{
  containers.web.config = {
    networking.firewall.allowedTCPPorts = [ "80" ];
  };
}
