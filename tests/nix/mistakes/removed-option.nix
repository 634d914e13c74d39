#since 24.11
#> The option definition `security.hideProcessInformation' in `{here}/removed-option.nix' no longer has any effect
#> in containers.web.config.security.hideProcessInformation
#@ 6
{
  containers.web.config.security.hideProcessInformation = true;
}
