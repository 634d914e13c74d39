#@ 3
{
  imports = ./parts/conflict.nix;
  containers.web.config = { };
}
