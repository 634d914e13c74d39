#> in containers.web.config
#@ 4
{
  containers.web.config = "nothing";
}
