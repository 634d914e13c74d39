{
  containers.demo = {
    enableTun = true;
    additionalCapabilities = [ "all" ];
    config = { };
  };
}
