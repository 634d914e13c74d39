#since 16.09
#> containers.web.config
#@ 6
{
  containers.web.config = {
    fileSystems."/x" = { };
  };
}
