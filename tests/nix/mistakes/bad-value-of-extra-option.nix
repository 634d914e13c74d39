#> containers.web.extra.addressPrefix is "10.250.0.0"
#@ 5
{
  containers.web = {
    extra.addressPrefix = "10.250.0.0";
    config = { };
  };
}
