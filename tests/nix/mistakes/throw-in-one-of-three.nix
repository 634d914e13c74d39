#> only this one
#> in containers.web2.config.networking.hostName
#@ 6
{
  containers.web1.config = { };
  containers.web2.config.networking.hostName = throw "only this one";
  containers.web3.config = { };
}
