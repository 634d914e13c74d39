{
  containers.demo = {
    allowedDevices = [
      {
        node = "/dev/net/tun";
        modifier = "rwm";
      }
      {
        node = "char-drm";
        modifier = "rw";
      }
    ];
    additionalCapabilities = [
      "CAP_NET_ADMIN"
      "CAP_MKNOD"
    ];
    config = { };
  };
}
