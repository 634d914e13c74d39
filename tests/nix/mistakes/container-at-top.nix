#> The option `container' does not exist
#> A definition sets containers.NAME
#@ 5
{
  container.web.config = { };
}
