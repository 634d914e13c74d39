{
  containers.demo = {
    privateNetwork = true;
    hostBridge = "br0";
    localAddress = "10.250.0.2/24";
    localAddress6 = "fc00::2/7";
    config = { };
  };
}
