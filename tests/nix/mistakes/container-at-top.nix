#> The option `container'
#> does not exist
#> A definition sets containers.NAME
#@ 6
{
  container.web.config = { };
}
