{
  containers.demo = {
    privateNetwork = true;
    hostAddress = "10.250.0.1";
    localAddress = "10.250.0.2";
    hostAddress6 = "fc00::1";
    localAddress6 = "fc00::2";
    config = { };
  };
}
