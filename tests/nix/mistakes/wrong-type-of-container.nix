#> `containers.web.privateNetwork'
#> is not
#@ 6
{
  containers.web = {
    privateNetwork = "yes";
    config = { };
  };
}
