#since 16.09
#> containers.web.config
{
  containers.web.config = {
    fileSystems."/x" = { };
  };
}
