#> containers.web
#> is not
#@ 5
{
  containers.web = 3;
}
