{
  containers.demo = {
    autoStart = true;
    privateNetwork = true;
    hostBridge = "br0";
    localAddress = "10.0.0.2/24";
    hostAddress = "10.0.0.1";
    extra = {
      enableWAN = true;
      exposeLocalhost = true;
      firewallAllowHost = true;
      resolvePeers = true;
    };
    config = { };
  };
}
