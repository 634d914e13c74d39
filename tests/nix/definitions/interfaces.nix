{
  containers.demo = {
    autoStart = true;
    interfaces = [
      "eth1"
      "wlan-2"
    ];
    macvlans = [ "eth3" ];
    config = { };
  };
}
