#> cannot coerce a set to a string
#> containers.web.config.environment.etc.a.text
#@ 5
{
  containers.web.config.environment.etc.a.text = "x ${{ }}";
}
