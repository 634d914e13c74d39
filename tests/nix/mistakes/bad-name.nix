#> containers.my_web: not a usable name
#@ 4
{
  containers.my_web.config = { };
}
