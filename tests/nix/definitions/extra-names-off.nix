{
  containers.demo = {
    extra = {
      addressPrefix = "10.250.0";
      registerName = false;
      resolvePeers = false;
    };
    config = { };
  };
}
