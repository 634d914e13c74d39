#code 0
#since 24.11
#args --drv
#> containers.web.config: The option `services.openssh.passwordAuthentication' defined in `{here}/renamed-option.nix' has been renamed
{
  containers.web.config.services.openssh = {
    enable = true;
    passwordAuthentication = false;
  };
}
