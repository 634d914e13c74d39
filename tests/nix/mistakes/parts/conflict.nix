{
  containers.web.config.networking.hostName = "b";
}
