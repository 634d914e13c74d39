#> stack overflow
let
  forever = x: forever (x + 1) + 1;
in
{
  containers.web.config.networking.hostName = toString (forever 1);
}
