{
  containers.demo = {
    privateNetwork = true;
    hostAddress = "10.250.0.1";
    localAddress = "10.250.0.2";
    forwardPorts = [
      {
        hostPort = 8080;
        containerPort = 80;
      }
      {
        protocol = "udp";
        hostPort = 53;
      }
    ];
    config.networking.firewall.allowedTCPPorts = [ 80 ];
  };
}
