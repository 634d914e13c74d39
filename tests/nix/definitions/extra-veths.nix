{
  containers.demo = {
    privateNetwork = true;
    extraVeths = {
      ve-more = {
        hostBridge = "br1";
        localAddress = "10.2.0.2/24";
      };
      ve-other = {
        hostAddress = "10.3.0.1";
        localAddress = "10.3.0.2";
      };
    };
    config = { };
  };
}
