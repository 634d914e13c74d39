#> not like this
#> in containers.web.config.services.openssh.enable
#@ 5
{
  containers.web.config.services.openssh.enable = abort "not like this";
}
