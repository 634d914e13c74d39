#> called without required argument 'b'
#> containers.web.config.environment.etc.a.text
#@ 5
{
  containers.web.config.environment.etc.a.text = ({ a, b }: a) { a = "1"; };
}
