#> unsupported attribute `extra'
#! :anon
{
  containers.web =
    { ... }:
    {
      extra.addressPrefix = "10.250.0";
      config = { };
    };
}
