{
  containers.demo = {
    privateNetwork = true;
    hostBridge = "br0";
    localAddress = "10.250.0.2/24";
    localMacAddress = "de:b7:73:01:10:90";
    config = { };
  };
}
