#code 0
#base host
#args --drv
#> containers.web.config: The option `services.openssh.passwordAuthentication' defined in `{here}/renamed-option-of-host-base.nix' has been renamed
{
  containers.web.config.services.openssh = {
    enable = true;
    passwordAuthentication = false;
  };
}
