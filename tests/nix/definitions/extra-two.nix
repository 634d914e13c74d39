{
  containers.a = {
    extra.addressPrefix = "10.250.0";
    extra.enableWAN = true;
    config = { };
  };
  containers.b = {
    extra.addressPrefix = "10.250.1";
    extra.resolvePeers = true;
    config.services.nginx.enable = true;
  };
}
