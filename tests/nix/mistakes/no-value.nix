#since 16.09
#> containers.web.config.fileSystems."/x"
#@ 6
{
  containers.web.config = {
    fileSystems."/x" = { };
  };
}
