{
  services.openssh.enable = true;
  services.openssh.ports = [ "x" ];
}
