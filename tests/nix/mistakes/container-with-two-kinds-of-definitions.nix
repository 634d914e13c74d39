#> unsupported attribute `extra'
#> in containers.web
#> config = { extra = ...; config = ...; };
#! :anon
{
  containers.web =
    { ... }:
    {
      extra.addressPrefix = "10.250.0";
      config = { };
    };
}
