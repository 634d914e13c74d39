{
  containers.demo = {
    autoStart = true;
    config.services.nginx.enable = true;
  };
}
