#> containers.web.config.services.openssh.ports
#@ parts/deep/ports.nix:3
{
  containers.web.config = import ./parts/deep/ports.nix;
}
