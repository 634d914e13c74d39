{
  imports = [ ./parts/one.nix ];
  containers.demo.config = ./parts/inner.nix;
}
