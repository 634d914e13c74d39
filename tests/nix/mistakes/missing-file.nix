#> {here}/gone.txt
#> in containers.web
#@ 5
{
  containers.web.config.environment.etc.a.source = ./gone.txt;
}
